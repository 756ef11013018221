#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run targets of the Makefile one after another, whatever becomes of each, and end with how many passed.

Targets joined by + run at once; what they print begins with their names then.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial


def run(step: str, *, alone: bool) -> tuple[str, bool, float]:
    """Run a target: its name, if it passed, and its seconds."""
    command = ["make", "--no-print-directory", step]
    started = time.monotonic()
    print(f"\n== {step}", flush=True)
    if alone:
        code = subprocess.run(command, check=False).returncode
    else:
        with subprocess.Popen(
            command, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            for line in process.stdout or ():
                print(f"{step:<8}| {line}", end="", flush=True)
        code = process.returncode
    return step, code == 0, time.monotonic() - started


def main() -> int:
    """Run each target, or group of targets, named as an argument; 1 if any failed."""
    results = []
    for group in sys.argv[1:]:
        steps = group.split("+")
        with ThreadPoolExecutor(len(steps)) as pool:
            results += pool.map(partial(run, alone=len(steps) == 1), steps)
    print("\n== steps")
    for step, good, seconds in results:
        print(f"{step:<14} {'passed' if good else 'FAILED'} {seconds:7.1f} s")
    failed = sum(not good for _, good, _ in results)
    print(f"\n{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
