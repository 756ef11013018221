#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the ledger and the inventory on SQLite as they grow: 1,000 clusters and 40,000 nodes at the end.

Each operation is measured with a tenth of that and with all of it, in one run. The ratio says how it grows; 10 is
linear.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from ansible.plugins.loader import init_plugin_loader

# What is measured is the installed collection, as Ansible finds it; only then it can be imported.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import NewMachine  # noqa: E402
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run  # noqa: E402
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger  # noqa: E402

RESULT = Path(sys.argv[1])
SIZES = (100, 1000)
WORKERS = 37  # beside three masters
NOW = datetime(2026, 11, 24, tzinfo=UTC)
SPEC = {"provider": "container", "zones": ["a"]}
TIMES = 9


def milliseconds(work: Callable[[int], Any]) -> float:
    """The median of some calls."""
    found = []
    for number in range(TIMES):
        start = time.perf_counter()
        work(number)
        found.append((time.perf_counter() - start) * 1000)
    return median(found)


def fill(ledger: Ledger, first: int, last: int) -> None:
    """Record clusters of 40 nodes; networks from 10.0.0.0/8, as 172.30.0.0/16 has room for 256."""
    new = [NewMachine("master", None, "a", "create", NOW)] * 3 + [
        NewMachine("worker", "web", "a", "scale", NOW)
    ] * WORKERS
    for number in range(first, last):
        name = f"c{number}"
        ledger.create_cluster(name, "default", "1.36.3", SPEC, [], f"10.{number // 250}.{number % 250}.0/24")
        ledger.put_pool(name, "web", {"desired_size": WORKERS})
        ledger.add_machines(name, new)


def measure(ledger: Ledger, size: int) -> dict[str, float]:
    """Each operation on a ledger of that size, in milliseconds."""
    run = Run.current()
    last = f"c{size - 1}"

    def create(number: int) -> None:
        ledger.create_cluster(f"new-{number}", "default", "1.36.3", SPEC, [], f"10.200.{number}.0/24")

    def scale(_number: int) -> None:
        made = ledger.add_machines(last, [NewMachine("worker", "web", "a", "scale", NOW)] * 5)
        ledger.delete_machines(last, [machine.name for machine in made])

    return {
        "open": milliseconds(lambda _: Ledger.open(str(ledger._home))),
        "create a cluster": milliseconds(create),
        "delete a cluster": milliseconds(lambda number: ledger.delete_cluster(f"new-{number}")),
        "list all clusters": milliseconds(lambda _: ledger.clusters()),
        "one cluster with its machines": milliseconds(lambda _: (ledger.cluster(last), ledger.machines(last))),
        "5 machines more, and less": milliseconds(scale),
        "lock and unlock": milliseconds(lambda _: (ledger.lock(last, run), ledger.unlock(last, run))),
    }


def inventory(home: Path, clusters: int) -> float:
    """Seconds of ansible-inventory for the nodes of so many clusters (25 clusters: 1,000 nodes)."""
    ledger = Ledger.make(str(home))
    fill(ledger, 0, clusters)
    source = home.parent / "csk.yml"
    source.write_text(json.dumps({"plugin": "csk.kubernetes.csk", "csk_home": str(home)}))
    start = time.monotonic()
    command = ["ansible-inventory", "-i", str(source), "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - start
    hosts = json.loads(done.stdout)["_meta"]["hostvars"]
    if len(hosts) != clusters * (WORKERS + 3):
        sys.exit(f"the inventory has {len(hosts)} hosts")
    return seconds


def main() -> None:
    """Fill, measure, fill up, measure again."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.make(f"{folder}/home")
        done, found = 0, {}
        for size in SIZES:
            fill(ledger, done, size)
            done = size
            found[size] = measure(ledger, size)
        few, many = (found[size] for size in SIZES)
        print(f"{'milliseconds with':<34}{SIZES[0]:>8}{SIZES[1]:>8}   ratio")
        for title in few:
            print(f"{title:<34}{few[title]:>8.1f}{many[title]:>8.1f}{many[title] / few[title]:>8.1f}")
        seconds = {1: inventory(Path(folder, "one", "home"), 1), 25: inventory(Path(folder, "many", "home"), 25)}
        print(f"ansible-inventory: {seconds[1]:.2f} s for 40 nodes, {seconds[25]:.2f} s for 1,000")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"milliseconds": found, "inventory_seconds": seconds}, indent=2) + "\n", "utf-8")
    print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
