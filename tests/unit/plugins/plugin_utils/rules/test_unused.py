# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What never was Ready, and what may change there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.names import ADDONS
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import NodeState, Observed
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import plan, unused
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.scaling import Scaling, decide

NOW = datetime(2026, 11, 24, tzinfo=UTC)
READY = Cluster("i", "demo", "default", "1.36.3", {}, "ready", "172.30.0.0/24", "172.30.0.10", "t", NOW)
CREATING = replace(READY, status="creating")
NEW = Machine("demo", "web-1", "worker", "web", "zone-a", "172.30.0.21", "create", NOW)
DOWN, NOBODY = Observed(False), Observed(True)


def seen(ready):
    node = NodeState("web-1", ready, ready, "v1.36.3", {}, ())
    return Observed(True, {"web-1": node})


@pytest.mark.parametrize(
    ("cluster", "machine", "observed", "never"),
    [
        (CREATING, NEW, DOWN, True),
        (CREATING, NEW, NOBODY, True),
        (CREATING, NEW, seen(False), True),
        (CREATING, NEW, seen(True), False),  # the run was killed before the ledger knew
        (READY, NEW, NOBODY, True),
        (READY, NEW, seen(True), False),
        (READY, NEW, DOWN, False),  # pods may be on it
        (replace(CREATING, restore_from="x.db"), NEW, DOWN, False),
        (CREATING, replace(NEW, status="ready"), NOBODY, False),
        (READY, replace(NEW, status="leaving"), NOBODY, False),
        (READY, replace(NEW, replaces="web-0"), NOBODY, False),  # an upgrade's, which goes on with it
        (CREATING, replace(NEW, role="master", pool=None), DOWN, False),
    ],
)
def test_what_never_was_ready(cluster, machine, observed, never):
    assert unused.unused(cluster, [machine], observed) == ([machine] if never else [])


MASTERS = [replace(NEW, name=f"master-{number}", role="master", pool=None) for number in (1, 2, 3)]
WHOLE = dict.fromkeys(ADDONS, True)


@pytest.mark.parametrize(
    ("ready", "addons", "well"),
    [
        (3, WHOLE, True),
        (2, WHOLE, False),
        (3, WHOLE | {"flannel": False}, False),
        (3, {}, False),
        (0, {}, False),
    ],
)
def test_masters_that_are_well_make_a_cluster(ready, addons, well):
    nodes = {m.name: NodeState(m.name, n < ready, True, "v1.36.3", {}, ()) for n, m in enumerate(MASTERS)}
    assert unused.is_well(MASTERS, Observed(bool(ready), nodes, addons)) == well
    assert not unused.is_well(MASTERS, DOWN)


PROBLEM = Problem("csk_nodepools[0].kubelet", "would change.", "immutable.", "write it as it was.")


@pytest.mark.parametrize(
    ("problems", "machines", "never", "anew"),
    [
        ([], [NEW], [NEW], False),
        ([PROBLEM], [NEW], [NEW], True),
        ([PROBLEM], [NEW, replace(NEW, name="web-2", status="ready")], [NEW], False),
        ([PROBLEM], [], [], True),  # nobody has what was recorded
    ],
)
def test_when_a_pool_is_made_anew(problems, machines, never, anew):
    assert unused.anew(problems, machines, never) == anew


def test_a_cluster_was_ready_before_it_is_restored():
    clusters = [CREATING, READY, replace(CREATING, restore_from="x.db"), replace(READY, status="deleting")]
    assert [cluster.was_ready for cluster in clusters] == [False, True, True, True]
    assert unused.keys([PROBLEM, replace(PROBLEM, where="csk_cluster.masters")]) == "kubelet, masters"


WELL = [replace(NEW, name=f"web-{number}", status="ready") for number in (1, 2)]
UNUSED = [replace(NEW, name=f"web-{number}") for number in (3, 4)]
POOL = {"name": "web", "state": "present", "nodes": [], "scale_in_policy": "fifo", "desired_size": 2}


@pytest.mark.parametrize(
    ("size", "going", "refused"), [(4, [], False), (3, ["web-4"], False), (2, ["web-4", "web-3"], False), (1, [], True)]
)
def test_what_never_was_ready_goes_first_whatever_its_origin(size, going, refused):
    found = decide(POOL | {"desired_size": size}, [*WELL, *UNUSED], "csk_nodepools[0]", UNUSED)
    assert [machine.name for machine in found.going] == going
    assert bool(found.problems) == refused
    assert plan.removal_problems(POOL, found, "p", UNUSED) == []
    said = plan.pool_sentences(POOL | {"desired_size": size}, None, found, UNUSED)
    assert not any("drain" in line for line in said)


@pytest.mark.parametrize(
    ("state", "going", "refused"),
    [("present", UNUSED, False), ("present", WELL, True), ("absent", UNUSED, False), ("absent", [], True)],
)
def test_create_removes_what_never_was_ready(state, going, refused):
    found = plan.removal_problems(POOL | {"state": state}, Scaling(tuple(going)), "p", UNUSED)
    assert bool(found) == refused
