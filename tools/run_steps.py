#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run targets of the Makefile one after another, whatever becomes of each, and end with how many passed.

Targets joined by + run at once; what they print begins with their names then, and the last of what a failed one said
comes again at the end.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial

LAST = 60  # lines of a failed target


def run(step: str, *, alone: bool) -> tuple[str, bool, float, deque[str]]:
    """Run a target: its name, if it passed, its seconds, and the last lines that it printed beside others."""
    last: deque[str] = deque(maxlen=LAST)
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
                last.append(line.rstrip("\n"))
        code = process.returncode
    return step, code == 0, time.monotonic() - started, last


def main() -> int:
    """Run each target, or group of targets, named as an argument; 1 if any failed."""
    results = []
    for group in sys.argv[1:]:
        steps = group.split("+")
        with ThreadPoolExecutor(len(steps)) as pool:
            results += pool.map(partial(run, alone=len(steps) == 1), steps)
    for step, good, _, last in results:
        if last and not good:
            print(f"\n== {step}, its last lines", *last, sep="\n")
    print("\n== steps")
    for step, good, seconds, _ in results:
        print(f"{step:<14} {'passed' if good else 'FAILED'} {seconds:7.1f} s")
    failed = sum(not good for _, good, *_ in results)
    print(f"\n{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
