# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes in one ledger at the same moment: nothing is given twice and nothing is lost."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import (
    at_once,
    errors,
    masters,
    workers,
)

COUNT = 20
MANY = 50


def test_machines(demo):
    results = at_once(COUNT, lambda number: demo.add_machines("demo", [*workers(3), *masters(number % 2)]))
    assert errors(results) == []
    machines = demo.machines("demo")
    assert len(machines) == COUNT * 3 + COUNT // 2
    assert Counter(m.name for m in machines) == Counter(m.name for result in results for m in result)
    assert max(Counter(m.address for m in machines).values()) == 1
    assert {m.name for m in machines if m.role == "worker"} == {f"default-{n}" for n in range(1, 61)}
    assert {m.name for m in machines if m.role == "master"} == {f"master-{n}" for n in range(1, 11)}


def test_clusters(ledger):
    results = at_once(COUNT, lambda number: ledger.create_cluster(f"c{number}", "default", "1.36.3", {}))
    assert errors(results) == []
    assert {c.vpc_cidr for c in ledger.clusters()} == {f"172.30.{n}.0/24" for n in range(COUNT)}


def test_one_name(ledger):
    results = at_once(COUNT, lambda _: ledger.create_cluster("demo", "default", "1.36.3", {}))
    failed = errors(results)
    assert len(failed) == COUNT - 1
    assert all("already has a cluster 'demo'" in error for error in failed)


def test_first_open(make):
    pytest.importorskip("alembic.script")  # imported before the start, so that all arrive at one moment
    results = at_once(COUNT, lambda number: make().create_cluster(f"c{number}", "default", "1.36.3", {}).name)
    assert errors(results) == []
    assert len(make().clusters()) == COUNT


def test_first_key(demo, reopen):
    for number in range(COUNT):
        demo.create_cluster(f"c{number}", "default", "1.36.3", {})
    results = at_once(COUNT, lambda number: reopen().put_secret(f"c{number}", "ca.key", f"{number}".encode()))
    assert errors(results) == []
    assert [demo.secret(f"c{number}", "ca.key") for number in range(COUNT)] == [f"{n}".encode() for n in range(COUNT)]


def test_mixed_changes(demo):
    def work(number: int) -> None:
        for turn in range(3):
            made = demo.add_machines("demo", workers(1))
            demo.set_machine_status("demo", [made[0].name], "ready")
            demo.put_pool("demo", f"p{number}", {"turn": turn})
            demo.operation("demo", "scale", f"{number}", "ok", 0.1)
            if turn:
                demo.delete_machines("demo", [made[0].name])

    assert errors(at_once(COUNT, work)) == []
    assert len(demo.machines("demo")) == COUNT
    assert {m.status for m in demo.machines("demo")} == {"ready"}
    assert {(p.name, p.spec["turn"]) for p in demo.pools("demo") if p.name != "default"} == {
        (f"p{number}", 2) for number in range(COUNT)
    }
    assert len(demo.operations("demo", limit=1000)) == COUNT * 3
    assert demo.add_machines("demo", workers(1))[0].name == f"default-{COUNT * 3 + 1}"


def test_one_lock(ledger):
    def work(number: int) -> str | None:
        run = Run(f"host{number}", "boot", 1, 1)
        return ledger.lock("demo", run).taken_over_from

    results = at_once(COUNT, work)
    assert len(errors(results)) == COUNT - 1
    assert all("another run works on this cluster" in error for error in errors(results))


def test_lock_given_back_and_taken(ledger):
    def work(number: int) -> int:
        run, got = Run(f"host{number}", "boot", 1, 1), 0
        for _time in range(20):
            with contextlib.suppress(CskError):
                ledger.lock("demo", run)
                got += 1
                ledger.renew("demo", run)
                ledger.unlock("demo", run)
        return got

    results = at_once(4, work)
    assert errors(results) == []
    assert sum(results) > 4
    assert ledger.lock("demo", Run("me", "boot", 1, 1)).taken_over_from is None


def test_the_quota_of_clusters(ledger):
    results = at_once(MANY, lambda number: ledger.create_cluster(f"c{number}", "default", "1.36.3", {}, quota=10))
    told = errors(results)
    assert len(told) == MANY - 10
    assert all("at most 10 dedicated and managed clusters" in str(error) for error in told)
    clusters = ledger.clusters()
    assert len(clusters) == len({cluster.vpc_cidr for cluster in clusters}) == 10
    assert ledger.create_cluster("elsewhere", "other", "1.36.3", {}, quota=10).account == "other"


def test_the_quota_of_nodes(demo):
    demo.add_machines("demo", masters(3), quota=40)
    results = at_once(MANY, lambda number: demo.add_machines("demo", workers(1 + number % 3), quota=40))
    told = errors(results)
    assert told
    assert all("at most 40 nodes" in str(error) for error in told)
    machines = demo.machines("demo")
    added = sum(len(result) for result in results if not isinstance(result, Exception))
    assert len(machines) == added + 3 <= 40
    # Whoever asked for one found a place as long as there was one.
    assert len(machines) == 40
    assert len({m.name for m in machines}) == len({m.address for m in machines}) == 40
