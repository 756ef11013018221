#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures today's collection beside that of an earlier commit, in turns, on one machine.

Each round makes a cluster of three masters and one worker, finds nothing to do, adds a worker, and in the last round
upgrades; from process start to exit. Medians and their ratios are printed and written to a file.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

TODAY = "2026-11-24"
NAME = "test-bench"
PLACE, ROUNDS, RESULT = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
NOW, THEN = "now", "then"
PATHS = {NOW: os.environ["ANSIBLE_COLLECTIONS_PATH"], THEN: PLACE}
HOME = Path(os.environ["CSK_HOME"])
# Each with a ledger of its own: an earlier csk doesn't take one that today's has brought up to date.
HOMES = {NOW: HOME, THEN: HOME.with_name(f"{HOME.name}-then")}


def playbook(which: str, name: str, *arguments: str) -> float:
    """Run a playbook of one of the two collections; its seconds."""
    command = ["ansible-playbook", f"csk.kubernetes.{name}", "-e", f"csk_today={TODAY}", *arguments]
    env = os.environ | {"ANSIBLE_COLLECTIONS_PATH": PATHS[which], "CSK_HOME": str(HOMES[which])}
    started = time.monotonic()
    done = subprocess.run(command, text=True, capture_output=True, check=False, env=env)
    if done.returncode:
        sys.exit(f"{which}: {name} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return time.monotonic() - started


def file(size: int) -> str:
    """The cluster's file, as an extra variable."""
    cluster = {"name": NAME, "version": "1.36", "zones": ["a", "b", "c"]}
    return json.dumps({"csk_cluster": cluster, "csk_nodepools": [{"name": "default", "desired_size": size}]})


def turn(which: str, last: bool) -> dict[str, float]:
    """One cluster's steps with their seconds."""
    found = {}
    try:
        found["create"] = playbook(which, "create", "-e", file(1))
        found["nothing to do"] = playbook(which, "create", "-e", file(1))
        found["+1 worker"] = playbook(which, "scale", "-e", file(2))
        if last:
            found["upgrade"] = playbook(which, "upgrade", "-e", file(2), "-e", "csk_upgrade_to=1.37")
    finally:
        found["delete"] = playbook(which, "delete", "-e", f"csk_name={NAME}", "-e", f"csk_confirm={NAME}")
    return found


def main() -> None:
    """Take turns, and compare."""
    seconds: dict[str, dict[str, list[float]]] = {}
    shutil.rmtree(HOMES[THEN], ignore_errors=True)
    HOMES[THEN].mkdir(mode=0o700)
    (HOMES[THEN] / "artifacts").symlink_to(HOME / "artifacts")
    for number in range(ROUNDS):
        for which in (NOW, THEN) if number % 2 else (THEN, NOW):
            for step, took in turn(which, number == ROUNDS - 1).items():
                seconds.setdefault(step, {NOW: [], THEN: []})[which].append(took)
            print(f"[{number + 1}/{ROUNDS}] {which}", flush=True)
    report = {}
    for step, both in seconds.items():
        now, then = statistics.median(both[NOW]), statistics.median(both[THEN])
        report[step] = {NOW: both[NOW], THEN: both[THEN], "ratio": now / then}
        print(f"{step:<14} now {now:6.1f} s   then {then:6.1f} s   {now / then:.2f}")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
