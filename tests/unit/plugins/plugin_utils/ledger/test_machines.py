# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools and machines in the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import NOW, masters, workers


def names(machines):
    return [machine.name for machine in machines]


def test_names_and_addresses(demo):
    made = demo.add_machines("demo", [*masters(1), *workers(2), *masters(2)])
    assert names(made) == ["master-1", "default-1", "default-2", "master-2", "master-3"]
    assert [m.address for m in made] == [f"172.30.0.{n}" for n in range(11, 16)]
    assert {m.status for m in made} == {"new"}
    assert all(m.added_at == NOW and m.cluster == "demo" for m in made)
    assert sorted(demo.machines("demo"), key=lambda m: m.address) == made


def test_a_machine_has_the_provider_that_it_comes_with_or_its_clusters(demo):
    other = [replace(machine, provider="ns.coll.far") for machine in workers(1)]
    made = demo.add_machines("demo", [*masters(1), *workers(1), *other])
    assert [machine.provider for machine in made] == ["container", "container", "ns.coll.far"]
    assert {m.name: m.provider for m in demo.machines()} == {m.name: m.provider for m in made}


def test_order_is_masters_then_pools_by_number(demo):
    demo.put_pool("demo", "alpha", {})
    demo.add_machines("demo", [*workers(11), *workers(1, "alpha"), *masters(3)])
    assert names(demo.machines("demo"))[:6] == ["master-1", "master-2", "master-3", "alpha-1", "default-1", "default-2"]
    assert names(demo.machines())[-1] == "default-11"


def test_a_masters_number_is_used_again_a_workers_never(demo):
    demo.add_machines("demo", masters(3) + workers(3))
    demo.delete_machines("demo", ["master-2", "default-1", "default-3", "not-there"])
    again = demo.add_machines("demo", masters(1) + workers(2))
    assert [(m.name, m.address) for m in again] == [
        ("master-2", "172.30.0.12"),
        ("default-4", "172.30.0.14"),
        ("default-5", "172.30.0.16"),
    ]


def test_a_changed_pool_keeps_its_counter(demo):
    demo.add_machines("demo", workers(2))
    demo.put_pool("demo", "default", {"desired_size": 9})
    assert demo.pools("demo")[0].spec == {"desired_size": 9}
    assert names(demo.add_machines("demo", workers(1))) == ["default-3"]


def test_a_full_network_is_told_and_nothing_is_added(ledger):
    ledger.create_cluster("demo", "default", "1.36.3", {"provider": "container"}, [], "10.0.0.0/28")
    ledger.put_pool("demo", "default", {})
    assert len(ledger.add_machines("demo", masters(3))) == 3
    with pytest.raises(CskError, match=r"2 more machines have no place .* 10\.0\.0\.0/28 .* 1 addresses are free"):
        ledger.add_machines("demo", workers(2))
    assert len(ledger.machines("demo")) == 3
    assert names(ledger.add_machines("demo", workers(1))) == ["default-1"]


def test_a_worker_needs_its_pool(demo):
    with pytest.raises(CskError, match=r"csk_nodepools: .* no pool 'other'"):
        demo.add_machines("demo", masters(3) + workers(1, "other"))
    assert demo.machines("demo") == []
    with pytest.raises(CskError, match=r"csk_cluster\.name: .* no cluster 'none'"):
        demo.add_machines("none", masters(3))


def test_a_pool_goes_after_its_machines(demo):
    demo.add_machines("demo", workers(1))
    with pytest.raises(CskError, match="'default' of 'demo' still has the machines default-1"):
        demo.delete_pool("demo", "default")
    demo.delete_machines("demo", ["default-1"])
    demo.delete_pool("demo", "default")
    demo.delete_pool("demo", "default")
    assert demo.pools("demo") == []


def test_status(demo):
    demo.add_machines("demo", masters(3))
    demo.set_machine_status("demo", ["master-1", "master-3"], "ready")
    assert [m.status for m in demo.machines("demo")] == ["ready", "new", "ready"]
    with pytest.raises(CskError, match="no machines master-4, master-5"):
        demo.set_machine_status("demo", ["master-2", "master-5", "master-4"], "ready")
    assert [m.status for m in demo.machines("demo")] == ["ready", "new", "ready"]


def test_version(demo, reopen):
    demo.create_cluster("other", "default", "1.36.3", {"provider": "container"})
    demo.add_machines("other", masters(1))
    made = demo.add_machines("demo", masters(3))
    assert [m.version for m in made] == ["1.36.3"] * 3
    demo.set_machine_version("demo", ["master-1", "master-3"], "1.37.2")
    assert [m.version for m in reopen().machines("demo")] == ["1.37.2", "1.36.3", "1.37.2"]
    assert [m.version for m in demo.machines("other")] == ["1.36.3"]
    with pytest.raises(CskError, match="no cluster 'none'"):
        demo.set_machine_version("none", ["master-1"], "1.37.2")


def test_a_new_machine_has_the_version_of_the_masters(demo):
    demo.add_machines("demo", masters(1) + workers(1))
    demo.set_upgrade("demo", "1.37.2")
    assert [m.version for m in demo.add_machines("demo", workers(1))] == ["1.36.3"]
    demo.set_version("demo", "1.37.2")
    assert [m.version for m in demo.add_machines("demo", workers(1))] == ["1.37.2"]
    assert [m.version for m in demo.machines("demo")] == ["1.36.3", "1.36.3", "1.36.3", "1.37.2"]
