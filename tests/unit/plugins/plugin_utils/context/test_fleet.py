# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's machines at two providers: each is asked for its own, and all of them for all."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.fleet import Fleet
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import (
    Capacity,
    MachinesLostError,
    MachineSpec,
    MachineState,
)
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Machine

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class Fake:
    """A provider that notes what it is told, and has what it is told to have."""

    def __init__(self, number, *names, kernel="own", at_once=0, stops=True):
        self.number, self.names, self.at_once = number, names, at_once
        self.traits = SimpleNamespace(kernel=kernel, stops_provably=stops)
        self.done = []
        self.errors = []

    def list(self, cluster):
        """As Provider has it."""
        assert cluster == "demo"
        return [MachineState(name, f"10.0.{self.number}.1", "running", {}, "") for name in self.names]

    def clusters(self):
        """As Provider has it."""
        return {"demo": "id", f"other-{self.number}": "x"}

    def networks(self):
        """As Provider has it."""
        return ["10.9.0.0/16", f"10.{self.number}.0.0/16"]

    def nameservers(self):
        """As Provider has it."""
        return [f"192.0.2.{self.number}"]

    def mtu(self):
        """As Provider has it."""
        return 1500 - self.number

    def capacity(self):
        """As Provider has it."""
        return Capacity(self.number, self.number << 30, 100 - self.number)

    def check(self, release, machines):
        """As Provider has it."""
        what = f"{self.number}: {machines} of {release}"
        return [Problem("x", what, "", ""), Problem("y", "the same", "", "")]

    def console(self, cluster, name):
        """As Provider has it."""
        return {"ansible_host": f"{self.number}/{cluster}/{name}"}

    def ensure_network(self, cluster, cluster_id, cidr):
        """As Provider has it."""
        self.done.append(("network", cluster, cluster_id, cidr))

    def create(self, cluster, cluster_id, machines, progress):
        """As Provider has it."""
        for error in self.errors:
            raise error
        self.done.append(("create", cluster, cluster_id, [(m.name, m.env) for m in machines]))
        for machine in machines:
            progress(machine.name, 1.0)

    def deliver(self, cluster, names, release):
        """As Provider has it."""
        self.done.append(("deliver", cluster, list(names), release))
        return f"/folder-{self.number}"

    def stop(self, cluster, names):
        """As Provider has it."""
        assert self.traits.stops_provably
        self.done.append(("stop", cluster, names))

    def delete(self, cluster, names, cluster_id):
        """As Provider has it."""
        self.done.append(("delete", cluster, names, cluster_id))
        return [*self.names, "network"] if names is None else list(names)


@pytest.fixture
def near():
    return Fake(1, "master-1", "web-1", "far-1", kernel="shared", at_once=2)


@pytest.fixture
def far():
    return Fake(2, "far-1", stops=False)


@pytest.fixture
def fleet(near, far):
    recorded = {"master-1": "near", "web-1": "near", "web-2": "near", "far-1": "far"}
    return Fleet("demo", "id", {"near": near, "far": far}, recorded)


def machine(name):
    return Machine("demo", name, "worker", "web", "a", "10.0.0.1", "create", NOW)


def test_all_are_listed_each_by_its_own(fleet):
    states = fleet.states()
    assert sorted(states) == ["far-1", "master-1", "web-1"]
    assert states["far-1"].address == "10.0.2.1"
    assert fleet.running() == set(states)
    assert {name: len(found) for name, found in fleet.listed().items()} == {"near": 3, "far": 1}


def test_one_that_only_another_provider_has_is_not_there(near, far):
    found = Fleet("demo", "id", {"near": near, "far": Fake(2)}, {"far-1": "far"}).states()
    assert "far-1" not in found
    assert "web-1" in found  # nobody recorded it
    assert sorted(Fleet("demo", "id", {"far": far, "near": near}, {}).states()) == ["far-1", "master-1", "web-1"]


def test_questions_to_all(fleet):
    assert fleet.networks() == ["10.9.0.0/16", "10.1.0.0/16", "10.2.0.0/16"]
    assert fleet.clusters() == {"demo": "id", "other-1": "x", "other-2": "x"}
    assert fleet.mtu() == 1498
    assert fleet.disk_free() == 98


def test_questions_to_one(fleet):
    assert fleet.capacity("web-1").cpus == fleet.capacity_at("near").cpus == 1
    assert fleet.capacity("far-1").cpus == fleet.capacity_at("far").cpus == 2
    assert fleet.console("far-1") == {"ansible_host": "2/demo/far-1"}
    assert fleet.console("unknown") == {"ansible_host": "1/demo/unknown"}
    assert fleet.shared_kernel() == ["master-1", "web-1", "web-2"]
    assert [fleet.at_once(names) for names in ([], ["far-1"], ["web-1", "far-1"])] == [0, 0, 2]


def test_checks(fleet):
    def said(counts):
        return [problem.what for problem in fleet.check("1.36.3", counts)]

    assert said({"near": 3, "far": 2}) == ["1: 3 of 1.36.3", "the same", "2: 2 of 1.36.3"]
    assert said({"far": 1}) == ["2: 1 of 1.36.3", "the same"]
    assert said({}) == []
    assert said(None) == ["1: 0 of 1.36.3", "the same", "2: 0 of 1.36.3"]


def create(fleet, *names):
    told = []

    def spec_of(one, nameservers):
        return MachineSpec(one.name, one.address, "1.36.3", env={"CSK_DNS": " ".join(nameservers)})

    fleet.create([machine(name) for name in names], "10.0.0.0/24", spec_of, lambda name, _seconds: told.append(name))
    return sorted(told)


def test_each_makes_its_own_with_the_clusters_network(fleet, near, far):
    assert create(fleet, "web-1", "far-1", "web-2") == ["far-1", "web-1", "web-2"]
    assert near.done == [
        ("network", "demo", "id", "10.0.0.0/24"),
        ("create", "demo", "id", [(name, {"CSK_DNS": "192.0.2.1"}) for name in ("web-1", "web-2")]),
    ]
    assert far.done[1] == ("create", "demo", "id", [("far-1", {"CSK_DNS": "192.0.2.2"})])


def test_one_without_machines_to_make_makes_no_network(fleet, far):
    create(fleet, "web-1")
    assert far.done == []


@pytest.mark.parametrize(
    ("first", "second", "kind", "count"),
    [
        (MachinesLostError, None, MachinesLostError, 1),
        (MachinesLostError, MachinesLostError, MachinesLostError, 2),
        (MachinesLostError, CskError, CskError, 2),
        (CskError, None, CskError, 1),
    ],
)
def test_the_problems_of_all_are_told_at_once(fleet, near, far, first, second, kind, count):
    near.errors.append(first(Problem("near", "a", "", "")))
    far.errors += [second(Problem("far", "b", "", ""))] if second else []
    with pytest.raises(CskError) as caught:
        create(fleet, "web-1", "far-1")
    assert caught.type is kind
    assert len(caught.value.problems) == count
    assert second or far.done[-1][0] == "create"  # one's problem keeps no other from its work


def test_artifacts_go_to_each_machine_by_its_provider(fleet, near, far):
    folders = fleet.deliver(["web-1", "far-1"], "1.37.2")
    assert near.done == [("deliver", "demo", ["web-1"], "1.37.2")]
    assert far.done == [("deliver", "demo", ["far-1"], "1.37.2")]
    near_ones = dict.fromkeys(["master-1", "web-1", "web-2"], "/folder-1")
    assert folders == near_ones | {"far-1": "/folder-2"}
    assert fleet.deliver(["web-1"], None) == near_ones


def test_each_removes_its_own(fleet, near, far):
    fleet.delete(["far-1", "web-1"])
    assert (near.done, far.done) == ([("delete", "demo", ["web-1"], "id")], [("delete", "demo", ["far-1"], "id")])


def test_those_are_stopped_whose_providers_can(fleet, near, far):
    fleet.stop(["far-1", "web-1", "web-2"])
    assert (near.done, far.done) == ([("stop", "demo", ["web-1", "web-2"])], [])
    assert [fleet.stops(name) for name in ("web-1", "far-1")] == [True, False]


def test_everything_goes_at_the_clusters_own_provider_last(fleet, near, far, monkeypatch):
    order = []
    for one in (near, far):
        monkeypatch.setattr(
            one, "done", SimpleNamespace(append=lambda call, one=one: order.append((one.number, call[2])))
        )
    assert fleet.delete_all() == ["far-1", "network", "master-1", "web-1"]
    assert order == [(2, None), (1, None)]


def placed(place, **recorded):
    one = Fake(1, "master-1")
    one.place = lambda: place
    return one, Fleet("demo", "id", {"one": one}, {"master-1": "one"}, places=recorded)


def test_machines_that_are_elsewhere_are_neither_asked_for_nor_touched():
    one, fleet = placed("b", one="a")
    calls = [
        fleet.check_places,
        fleet.listed,
        fleet.states,
        fleet.running,
        fleet.delete_all,
        lambda: fleet.delete(["master-1"]),
        lambda: fleet.deliver(["master-1"], None),
        lambda: fleet.create([machine("master-1")], "10.0.0.0/24", lambda *_: None, print),
    ]
    for call in calls:
        with pytest.raises(CskError, match=r"provider one: has the machines of cluster demo at a.*csk_moved=demo"):
            call()
    assert one.done == []
    assert fleet.places() == {"one": "b"}


@pytest.mark.parametrize("recorded", [{"one": "a"}, {}])
def test_machines_that_are_here_or_may_be(recorded):
    one, fleet = placed("a", **recorded)
    assert fleet.running() == {"master-1"}
    fleet.delete(["master-1"])
    assert one.done
