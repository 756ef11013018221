#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run targets of the Makefile one after another, whatever becomes of each, and end with how many passed."""

from __future__ import annotations

import subprocess
import sys
import time


def main() -> int:
    """Run each target named as an argument; 1 if any failed."""
    results = []
    for step in sys.argv[1:]:
        print(f"\n== {step}", flush=True)
        started = time.monotonic()
        done = subprocess.run(["make", "--no-print-directory", step], check=False)
        results.append((step, done.returncode == 0, time.monotonic() - started))
    print("\n== steps")
    for step, good, seconds in results:
        print(f"{step:<14} {'passed' if good else 'FAILED'} {seconds:7.1f} s")
    failed = sum(not good for _, good, _ in results)
    print(f"\n{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
