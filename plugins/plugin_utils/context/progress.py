# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a run with their seconds, for the summary at the end."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.run import Run

ROLES_SECONDS = 0.5  # a shorter time between two steps is Ansible's own
MASTERS_FILES = "files of the masters"
JOINING_FILES = "files of the nodes that join"
# What the roles do after a step, on the hosts.
WORK_AFTER = {
    MASTERS_FILES: "etcd, control planes and API start; what the cluster shares is uploaded",
    JOINING_FILES: "nodes join, masters are marked, the network plugin is installed",
}
_FILE = "steps.jsonl"


@contextmanager
def step(folder: Path, run: Run, title: str) -> Iterator[None]:
    """Note a step of a run in the cluster's folder, and its seconds."""
    began = time.time()
    yield
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps({"run": run.id, "title": title, "start": began, "end": time.time()})
    with (folder / _FILE).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def steps(folder: Path, run: Run, since: float) -> list[tuple[str, float]]:
    """The steps of a run since a moment with their seconds; what lies between two of them was the roles' work."""
    path = folder / _FILE
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    return step_seconds([entry for entry in entries if entry["run"] == run.id and entry["start"] >= since], since)


def started(run: Run) -> float:
    """When a run of this boot was started, in seconds since the epoch."""
    uptime = float(Path("/proc/uptime").read_text("ascii").split()[0])
    return time.time() - uptime + run.started / os.sysconf("SC_CLK_TCK")


def step_seconds(entries: list[dict[str, Any]], started: float) -> list[tuple[str, float]]:
    """Steps with their seconds, one after another, from noted starts and ends.

    :param entries: title, start and end (seconds since the epoch) of each; those of one title are one step.
    :param started: when the run was started.
    """
    spans: dict[str, tuple[float, float]] = {}
    for entry in entries:
        start, end = spans.get(entry["title"], (entry["start"], entry["end"]))
        spans[entry["title"]] = (min(start, entry["start"]), max(end, entry["end"]))
    found: list[tuple[str, float]] = []
    last, before = started, "start of Ansible, and the plan"
    for title, (start, end) in sorted(spans.items(), key=lambda item: item[1]):
        if start - last > ROLES_SECONDS:
            found.append((before, start - last))
        found.append((title, max(end - max(start, last), 0.0)))
        last, before = max(last, end), WORK_AFTER.get(title, "Ansible")
    return found
