#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how long a pool takes to grow by one and by five workers, to shrink, and to find nothing to do.

From process start to exit, on one cluster of three masters and one worker. Growing by five is compared with growing by
one in the same run. Times and ratios are printed and written to a file.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

TODAY = "2026-11-24"
NAME = "test-bench"
RESULT = Path(sys.argv[1])
STEPS = (  # what is measured, and the pool's size after it
    ("create with one worker", 1),
    ("+1 worker", 2),
    ("+1 worker again", 3),
    ("+5 workers", 8),
    ("nothing to do", 8),
    ("-5 workers", 3),
)


def playbook(name: str, *arguments: str) -> str:
    """Run a playbook of the installed collection; its output."""
    command = ["ansible-playbook", f"csk.kubernetes.{name}", "-e", f"csk_today={TODAY}", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return done.stdout


def file(size: int) -> str:
    """The cluster's file, as an extra variable."""
    return json.dumps(
        {
            "csk_cluster": {"name": NAME, "version": "1.36", "zones": ["a", "b", "c"]},
            "csk_nodepools": [{"name": "default", "desired_size": size, "drain": {"delete_emptydir_data": True}}],
        }
    )


def tasks_on(output: str, nodes: set[str]) -> int:
    """How many tasks a run did on these nodes."""
    recap = output.rpartition("PLAY RECAP")[2]
    found = re.findall(rf"^{NAME}\.(\S+) +: ok=(\d+) .*skipped=(\d+)", recap, re.MULTILINE)
    return sum(int(ok) + int(skipped) for name, ok, skipped in found if name in nodes)


def main() -> None:
    """Grow, look, shrink; the cluster goes at the end."""
    seconds: dict[str, float] = {}
    old = {"master-1", "master-2", "master-3"}
    on_old = 0
    try:
        for number, (title, size) in enumerate(STEPS):
            start = time.monotonic()
            output = playbook("scale" if number else "create", "-e", file(size))
            seconds[title] = time.monotonic() - start
            on_old += tasks_on(output, old) if number else 0
            old |= {f"default-{n}" for n in range(1, size + 1)}
            print(f"[{number + 1}/{len(STEPS)}] {seconds[title]:6.1f} s  {title}", flush=True)
    finally:
        playbook("delete", "-e", f"csk_name={NAME}", "-e", f"csk_confirm={NAME}")
    ratio = seconds["+5 workers"] / min(seconds["+1 worker"], seconds["+1 worker again"])
    print(f"\n+5 takes {ratio:.2f} times as long as +1; tasks on nodes that were there: {on_old}")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    report = {"seconds": seconds, "five_to_one": ratio, "tasks_on_old_nodes": on_old}
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
