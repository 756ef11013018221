# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lost ledger had, from what the cluster says of itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineState
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Machine, Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import rebuild
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.labels import node_labels

CREATED = datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=UTC)
ADDED = datetime(2026, 11, 25, 8, 30, 0, tzinfo=UTC)
POOL = Pool("demo", "web-front", {"desired_size": 2, "labels": {"tier": "web"}, "taints": []})
RECORD = {
    "name": "demo",
    "id": "some-id",
    "version": "1.36.3",
    "vpc_cidr": "172.30.0.0/24",
    "endpoint": "172.30.0.10",
    "created_at": CREATED.isoformat(),
    "spec": json.dumps({"masters": 3, "zones": ["a", "b"], "provider": "here", "data_root": "/srv"}),
    "nodepools": json.dumps({POOL.name: POOL.spec}),
}
MACHINES = [
    Machine("demo", "master-1", "master", None, "a", "172.30.0.11", "create", ADDED, "ready", "1.36.3", None, "here"),
    Machine(
        "demo",
        "web-front-1",
        "worker",
        "web-front",
        "a",
        "172.30.0.14",
        "create",
        ADDED,
        "ready",
        "1.36.3",
        None,
        "here",
    ),
    Machine(
        "demo",
        "web-front-12",
        "worker",
        "web-front",
        "b",
        "172.30.0.15",
        "scale",
        ADDED,
        "ready",
        "1.36.3",
        None,
        "here",
    ),
]


def state(machine, **labels):
    """A machine as its provider has it."""
    known = {"csk.dev/role": machine.role, "csk.dev/pool": machine.pool or "", "csk.dev/zone": machine.zone}
    return MachineState(machine.name, machine.address, "running", known | labels, "2026-11-24T12:00:00Z")


LABELS = {machine.name: node_labels(machine, POOL if machine.pool else None) for machine in MACHINES}


def test_the_cluster_and_its_pools():
    cluster, pools = rebuild.cluster_of(RECORD)
    assert (cluster.name, cluster.id, cluster.version, cluster.status) == ("demo", "some-id", "1.36.3", "ready")
    assert cluster.router_id == 51  # a record of before each had its own
    assert rebuild.cluster_of(RECORD | {"router_id": "7"})[0].router_id == 7
    assert (cluster.created_at, cluster.spec["masters"], cluster.spec["container"]) == (
        CREATED,
        3,
        {"data_root": "/srv"},
    )
    assert pools == [POOL]


@pytest.mark.parametrize("key", rebuild.FIELDS)
def test_a_record_that_lacks_something(key):
    with pytest.raises(CskError, match=f"lacks {key}"):
        rebuild.cluster_of({name: value for name, value in RECORD.items() if name != key})


@pytest.mark.parametrize("change", [{"spec": "{"}, {"nodepools": ""}, {"created_at": "yesterday"}])
def test_a_record_that_is_broken(change):
    with pytest.raises(CskError, match="can't be read"):
        rebuild.cluster_of(RECORD | change)


def test_machines_come_back_as_they_were():
    cluster, pools = rebuild.cluster_of(RECORD)
    assert (
        rebuild.machines_of(cluster, pools, LABELS, {"here": [state(machine) for machine in reversed(MACHINES)]}, {})
        == MACHINES
    )


def test_a_machine_whose_node_is_gone_is_one_of_creation_time():
    cluster, pools = rebuild.cluster_of(RECORD)
    (found,) = rebuild.machines_of(cluster, pools, {}, {"here": [state(MACHINES[2])]}, {})
    assert (found.pool, found.zone, found.origin, found.added_at) == ("web-front", "b", "create", CREATED)


def test_what_is_no_machine_of_a_pool():
    cluster, _pools = rebuild.cluster_of(RECORD)
    assert rebuild.machines_of(cluster, [], LABELS, {"here": [state(m) for m in MACHINES]}, {}) == MACHINES[:1]
    stray = Machine("demo", "other", "worker", "web-front", "a", "172.30.0.20", "hand", ADDED)
    assert rebuild.machines_of(cluster, [POOL], {}, {"here": [state(stray)]}, {}) == []


@pytest.mark.parametrize(
    ("of_pool", "listed", "provider"),
    [
        (None, ["here"], "here"),
        ("there", ["there"], "there"),
        ("there", ["here", "there"], "there"),  # here lists what there has made by it
        (None, ["there", "here"], "here"),
        ("there", ["here"], "here"),
    ],
)
def test_a_machine_is_of_the_provider_that_lists_it(of_pool, listed, provider):
    cluster, _pools = rebuild.cluster_of(RECORD)
    pool = replace(POOL, spec=POOL.spec | {"provider": of_pool})
    states = {"here": [state(MACHINES[0])], "there": []}
    for name in listed:
        states[name] = [*states[name], state(MACHINES[1])]
    found = rebuild.machines_of(
        cluster, [pool], LABELS, dict(sorted(states.items(), key=lambda i: i[0] not in listed)), {}
    )
    assert [(machine.name, machine.provider) for machine in found] == [("master-1", "here"), ("web-front-1", provider)]
