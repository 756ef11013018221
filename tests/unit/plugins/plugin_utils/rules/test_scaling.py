# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workers go: by name, by origin, by age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import scaling

START = datetime(2026, 11, 24, tzinfo=UTC)


def worker(number, origin="scale", minutes=0, status="ready"):
    """A worker that was added so many minutes after the start."""
    added = START + timedelta(minutes=minutes)
    return Machine("demo", f"web-{number}", "worker", "web", "zone-a", f"172.30.0.{number}", origin, added, status)


def pool(size, **more):
    return {
        "name": "web",
        "state": "present",
        "desired_size": size,
        "scale_in_policy": "fifo",
        "nodes": [],
    } | more


# Two of creation; three of two later runs, the first of which has a higher number, as a replacement's may be.
WORKERS = [
    worker(1, "create"),
    worker(2, "create"),
    worker(9, minutes=10),
    worker(10, minutes=20),
    worker(11, minutes=20),
]


@pytest.mark.parametrize(
    ("wanted", "going", "missing"),
    [
        (pool(5), [], 0),
        (pool(7), [], 2),
        (pool(4), ["web-9"], 0),
        (pool(3), ["web-9", "web-10"], 0),
        (pool(2), ["web-9", "web-10", "web-11"], 0),
        (pool(4, scale_in_policy="lifo"), ["web-11"], 0),
        (pool(3, scale_in_policy="lifo"), ["web-11", "web-10"], 0),
        (pool(4, nodes=["web-1"]), ["web-1"], 0),  # a named one goes whatever its origin
        (pool(3, nodes=["web-1"]), ["web-1", "web-9"], 0),
        (pool(5, nodes=["web-1"]), ["web-1"], 1),  # and is made up for
        (pool(3, nodes=["web-11", "web-1"]), ["web-11", "web-1"], 0),  # in the order of the file
        (pool(5, nodes=["web-3"]), [], 0),  # gone already: the run is repeated
        (pool(0, nodes=["web-1", "web-2"]), ["web-1", "web-2", "web-9", "web-10", "web-11"], 0),
        (pool(3, state="absent"), ["web-1", "web-2", "web-9", "web-10", "web-11"], 0),
    ],
)
def test_who_goes(wanted, going, missing):
    found = scaling.decide(wanted, WORKERS, "csk_nodepools[0]")
    assert not found.problems
    assert ([machine.name for machine in found.going], found.missing) == (going, missing)
    removed = [decision.node for decision in found.decisions if decision.action == "remove"]
    kept = [decision.node for decision in found.decisions if decision.action == "keep"]
    assert removed == going
    if going:
        assert sorted(removed + kept) == sorted(machine.name for machine in WORKERS)


def test_why_each_one_goes_or_stays():
    found = scaling.decide(pool(3, nodes=["web-2"]), WORKERS, "csk_nodepools[0]")
    assert {decision.node: decision.why for decision in found.decisions} == {
        "web-2": "it is named in nodes",
        "web-9": "origin scale, oldest first: added at 2026-11-24 00:10:00 UTC",
        "web-1": "origin create: it goes only when it is named",
        "web-10": "not among the oldest 1",
        "web-11": "not among the oldest 1",
    }


def test_a_removal_that_was_begun_is_finished_first():
    workers = [*WORKERS[:4], worker(11, minutes=20, status="leaving")]
    found = scaling.decide(pool(4), workers, "csk_nodepools[0]")
    assert [machine.name for machine in found.going] == ["web-11"]
    assert "begun" in found.decisions[0].why
    found = scaling.decide(pool(5), workers, "csk_nodepools[0]")
    assert ([machine.name for machine in found.going], found.missing) == (["web-11"], 1)


@pytest.mark.parametrize("size", [0, 1])
def test_a_size_that_those_who_stay_forbid(size):
    found = scaling.decide(pool(size), WORKERS, "csk_nodepools[0]")
    (problem,) = found.problems
    assert problem.where == "csk_nodepools[0].desired_size"
    assert "these 2 stay: web-1 (create), web-2 (create)" in problem.what
    assert "write 2 or more" in problem.fix
    assert not found.going


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (["db-1"], "'db-1' isn't a worker of the pool web"),
        (["web-"], "'web-' isn't"),
        (["web-01"], "'web-01' isn't"),
        (["master-1"], "'master-1' isn't"),
        ([7], "7 isn't"),
        (["web-9", "web-9"], "'web-9' is there twice"),
    ],
)
def test_names_that_are_no_workers(nodes, said):
    (problem,) = scaling.decide(pool(4, nodes=nodes), WORKERS, "csk_nodepools[0]").problems
    assert problem.where == "csk_nodepools[0].nodes"
    assert said in problem.what
