# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster at two providers: a pool has another collection's provider, and each provider keeps to its own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.cluster import TestCluster
from support.playbooks import Outcome, Playbooks, cluster_file

WRAPPED = "csk_test.machines.wrapped"
LABEL = "csk.dev/wrapped"
NEAR = ["default-1", "master-1", "master-2", "master-3"]


@pytest.fixture(scope="module")
def mixed(both: Playbooks) -> Iterator[TestCluster]:
    """Masters and a pool of containers, and a pool of the other provider's machines."""
    file = cluster_file("test-providers")
    file["csk_nodepools"] = [
        {"name": "default", "desired_size": 1},
        {"name": "far", "desired_size": 1, "provider": WRAPPED, "instance": {"max_pods": 64}},
    ]
    made = TestCluster(both, file)
    made.create().good()
    yield made
    made.delete()


def wrapped(cluster: TestCluster) -> list[str]:
    """The machines that the other provider has, by its label."""
    label = [f"csk.dev/cluster={cluster.name}", LABEL]
    found = cluster.machines.api.containers(all=True, filters={"label": label})
    return sorted(item["Names"][0].removeprefix(f"/{cluster.name}.") for item in found)


def recorded(cluster: TestCluster) -> dict[str, str]:
    """Each machine's provider, by the ledger."""
    return {machine.name: machine.provider for machine in cluster.ledger.machines(cluster.name)}


def run(cluster: TestCluster, playbook: str, *arguments: str, **far: Any) -> Outcome:
    """Run a playbook for the cluster's file, with another pool ``far``."""
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"][1] |= far
    return cluster.playbooks.run(playbook, *arguments, file=file)


def test_both_make_their_machines_in_one_network(mixed: TestCluster, note: Callable[[str, str], None]) -> None:
    assert mixed.kube.ready() == sorted([*NEAR, "far-1"])
    assert wrapped(mixed) == ["far-1"]
    assert recorded(mixed) == dict.fromkeys(NEAR, "container") | {"far-1": WRAPPED}
    assert mixed.kube.nodes()["far-1"]["status"]["allocatable"]["pods"] == "64"
    address = mixed.machines.address("master-1")
    mixed.machines("far-1", "ping", "-c", "1", "-W", "2", address)
    note("a cluster at two providers", f"{len(recorded(mixed))} nodes Ready")


def test_there_is_nothing_to_do_again(mixed: TestCluster) -> None:
    states = mixed.machines.states()
    mixed.whole()
    planned = run(mixed, "plan").good()
    assert f"{mixed.name}: nothing to do" in planned.text
    # The cluster's own provider, said of a pool, is no change.
    file = copy.deepcopy(mixed.file)
    file["csk_nodepools"][0]["provider"] = "container"
    assert not mixed.playbooks.run("create", file=file).good().changed
    assert mixed.machines.states() == states


def test_they_are_shown_and_reached(mixed: TestCluster) -> None:
    shown = mixed.playbooks.run("info", csk_name=mixed.name).good().text
    assert "5 of 5 ready" in shown
    assert "differs" not in shown


def test_a_pool_grows_and_shrinks_at_its_provider(mixed: TestCluster) -> None:
    states = mixed.machines.states()
    run(mixed, "scale", desired_size=2).good()
    assert wrapped(mixed) == ["far-1", "far-2"]
    assert recorded(mixed)["far-2"] == WRAPPED
    assert mixed.kube.ready() == sorted([*NEAR, "far-1", "far-2"])
    run(mixed, "scale", desired_size=1).good()
    assert wrapped(mixed) == ["far-1"]
    assert mixed.machines.states() == states
    assert mixed.kube.ready() == sorted([*NEAR, "far-1"])


def test_a_killed_machine_is_started_again(mixed: TestCluster) -> None:
    mixed.machines.kill("far-1")
    assert "far-1: start the machine" in run(mixed, "plan").good().text
    run(mixed, "create").good()
    assert wrapped(mixed) == ["far-1"]
    mixed.kube.wait("node/far-1", "condition=Ready")
    mixed.whole()


def test_a_lost_machine_is_made_anew_by_its_provider(mixed: TestCluster) -> None:
    states = mixed.machines.states()
    mixed.machines.remove("far-1")
    run(mixed, "create").good()
    assert wrapped(mixed) == ["far-1"]
    after = mixed.machines.states()
    assert {name for name in after if after[name] != states[name]} == {"far-1"}
    mixed.whole()


def test_what_is_refused(mixed: TestCluster, playbooks: Playbooks) -> None:
    states = mixed.machines.states()
    where = "csk_nodepools[1].provider"
    for playbook in ("plan", "create", "scale"):
        run(mixed, playbook, provider="container").refused(where, f"from {WRAPPED}", "immutable", "Do:")
    run(mixed, "plan", provider="vm").refused(where, "there is no provider 'vm'", "container", "Do:")
    run(mixed, "plan", provider="csk_test.machines.gone").refused(where, "has no provider 'gone'", "Do:")
    run(mixed, "plan", provider="csk_test.other.wrapped").refused(where, "csk_test.other isn't installed", "Do:")
    file = copy.deepcopy(mixed.file)
    file["csk_nodepools"][0]["provider"] = WRAPPED
    mixed.playbooks.run("plan", file=file).refused("csk_nodepools[0].provider", "immutable", "Do:")
    file = copy.deepcopy(mixed.file)
    file["csk_cluster"]["wrapped"] = {"root": "/x"}
    mixed.playbooks.run("plan", file=file).refused("csk_cluster.wrapped.root", "did you mean data_root?")
    # Without the collection nothing is done by halves.
    playbooks.run("create", file=mixed.file).refused(where, "csk_test.machines isn't installed", "Do:")
    assert mixed.machines.states() == states


def test_nothing_is_left_at_either(mixed: TestCluster) -> None:
    mixed.delete().good()
    assert mixed.machines.left() == []
    assert wrapped(mixed) == []
    assert mixed.record is None
