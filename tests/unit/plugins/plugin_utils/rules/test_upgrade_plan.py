# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade does, in which order, what is in its way, and what of that a person may accept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.draining import Obstacle
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import EtcdMember, NodeState, Webhook
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import upgrade_plan
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.upgrade_rules import Step, Upgrade

NOW = datetime(2026, 11, 24, tzinfo=UTC)
DAY = date(2027, 7, 7)
OLD, NEW = "1.36.3", "1.37.2"
CLUSTER = Cluster("id", "demo", "default", OLD, {}, "ready", "172.30.0.0/24", "172.30.0.10", "random", NOW)
ALLOWED = Upgrade(OLD, NEW, allowed=True)
REFUSED = Upgrade(OLD, NEW, allowed=False, reason="it is too early.")
EXPIRED = Upgrade(OLD, NEW, False, "it is over.", (Step(OLD, NEW, False, DAY, DAY, "it is over.", expired=True),))
POD = Obstacle("web-1", "web/a", "no controller would make it again", "delete it.")
FAULT = Problem("image of the machines", "isn't there.", "machines are made of it.", "build it.")
MIB = 1 << 20


def machine(name, status="ready", version=OLD):
    """A machine whose name tells its role and its pool."""
    pool = None if name.startswith("master") else name.rpartition("-")[0]
    role = "worker" if pool else "master"
    return Machine("demo", name, role, pool, "zone-a", "172.30.0.11", "create", NOW, status, version)


def pool_of(size, name="web"):
    return [machine(f"{name}-{number}") for number in range(1, size + 1)]


MACHINES = [machine("master-1"), machine("master-2"), machine("master-3"), *pool_of(3)]


def node(name, ready=True, kubelet=True, version=OLD):
    return NodeState(name, ready, kubelet, f"v{version}", {}, ())


def member(name, used=0, problem=""):
    return EtcdMember(name, 7, used, 100 * MIB, problem)


def healthy(machines=MACHINES, nodes=(), **more):
    """What is found of a healthy cluster, but for what is given."""
    there = {m.name: node(m.name, version=m.version) for m in machines} | {n.name: n for n in nodes}
    etcd = [member(m.name) for m in machines if m.role == "master"]
    return upgrade_plan.Found(**{"reachable": True, "nodes": there, "etcd": etcd, "disk_free": 1 << 40} | more)


def planned(machines=MACHINES, rule=ALLOWED, found=None, accept=(), cluster=CLUSTER, most="10%", following=(), **more):
    options = {"accept": accept, "max_unavailable": most, "workers": "in_place"} | more
    return upgrade_plan.plan(cluster, machines, rule, found or healthy(machines), options, following)


WEBHOOK = Webhook(
    "ValidatingWebhookConfiguration policies", "a.example", True, (("", "pods", "CREATE"),), "policy/gate"
)
# How each obstacle that a person may accept comes to be, and what it is told of.
ACCEPTABLE = {
    "expired": ({"rule": EXPIRED}, "csk_upgrade_to"),
    "budgets": ({"found": healthy(budgets=["web/a"])}, "PodDisruptionBudget web/a"),
    "pods": ({"found": healthy(pods=[POD])}, "pod web/a on web-1"),
    "stored_objects": ({"found": healthy(stored=[("g/v1beta1/r", 7)])}, "API g/v1beta1/r"),
    "deprecated_apis": ({"found": healthy(deprecated=[("g/v1beta1/r", "1.37")])}, "API g/v1beta1/r"),
    "webhooks": ({"found": healthy(webhooks=[WEBHOOK])}, "ValidatingWebhookConfiguration policies, a.example"),
    "dead_workers": ({"found": healthy(stopped=["web-2"])}, "workers web-2"),
}
# Those that nobody may accept.
HARD = [
    ({"rule": REFUSED}, "csk_upgrade_to"),
    ({"found": healthy(faults=[FAULT])}, "image of the machines"),
    ({"found": healthy(disk_free=18 * MIB - 1, images=MIB)}, "disk of the machines"),
    ({"found": upgrade_plan.Found(False, disk_free=1)}, "API of demo"),
    ({"found": healthy(strange={"master-3": "its etcd is another cluster"})}, "node master-3"),
    ({"found": healthy(nodes=[node("web-1", version="1.33.9")])}, "node web-1"),
    ({"found": healthy(nodes=[node("master-2", ready=False)])}, "masters master-2"),
    ({"found": healthy(stopped=["master-1", "master-3"])}, "masters master-1, master-3"),
    ({"found": healthy(etcd=[member("master-1"), member("master-3")])}, "masters master-2"),
    ({"found": healthy(etcd=[*healthy().etcd, member("stray", problem="doesn't answer")])}, "etcd of stray"),
    ({"found": healthy(etcd=[*healthy().etcd[:2], member("master-3", used=81 * MIB)])}, "etcd of master-3"),
]


def test_masters_one_by_one_then_workers():
    found = planned()
    assert found == upgrade_plan.UpgradePlan(
        OLD, NEW, ("master-1", "master-2", "master-3"), (("web-1",), ("web-2",), ("web-3",)), snapshot_from="master-1"
    )
    assert not found.nothing_to_do


@pytest.mark.parametrize(
    ("states", "order"),
    [
        ({}, ("master-1", "master-2", "master-3")),
        ({2: {"status": "upgrading"}}, ("master-2", "master-1", "master-3")),
        ({1: {"version": NEW}}, ("master-2", "master-3")),
        ({1: {"version": NEW}, 3: {"status": "upgrading"}}, ("master-3", "master-2")),
        ({1: {"version": NEW}, 2: {"version": NEW}, 3: {"version": NEW}}, ()),
    ],
)
def test_the_order_of_the_masters(states, order):
    machines = [machine(f"master-{number}", **states.get(number, {})) for number in (1, 2, 3)] + pool_of(1)
    found = planned(machines)
    assert (found.masters, found.batches, found.problems) == (order, (("web-1",),), ())


@pytest.mark.parametrize(
    ("states", "master"),
    [
        ({}, "master-1"),
        ({1: {"status": "upgrading"}}, "master-2"),
        ({2: {"status": "upgrading"}}, "master-1"),
        ({number: {"status": "upgrading"} for number in (1, 2, 3)}, "master-1"),
        ({1: {"version": NEW}}, ""),
    ],
)
def test_a_snapshot_is_taken_where_etcd_is_whole(states, master):
    machines = [machine(f"master-{number}", **states.get(number, {})) for number in (1, 2, 3)]
    found = planned(machines)
    assert (found.snapshot_from, found.snapshot) == (master, bool(master))


@pytest.mark.parametrize(
    ("most", "sizes"),
    [
        ("1", [1] * 20),
        ("2", [1, *[2] * 9, 1]),
        ("3", [1, 2, 3, 3, 3, 3, 3, 2]),
        ("4", [1, 2, 4, 4, 4, 4, 1]),
        ("10%", [1, *[2] * 9, 1]),
        ("1%", [1] * 20),
        ("100%", [1, 2, 4, 8, 5]),
        ("99", [1, 2, 4, 8, 5]),
    ],
)
def test_batches_double_up_to_what_may_be_unavailable(most, sizes):
    workers = pool_of(20)
    found = upgrade_plan.batches(workers, workers, most)
    assert [len(batch) for batch in found] == sizes
    assert [name for batch in found for name in batch] == [worker.name for worker in workers]


def test_each_pool_has_batches_of_its_own():
    workers = [*pool_of(4), *pool_of(3, "db-big")]
    assert upgrade_plan.batches(workers, workers, "50%") == [
        ("web-1",), ("web-2", "web-3"), ("web-4",), ("db-big-1",), ("db-big-2",), ("db-big-3",),
    ]  # fmt: skip
    # Percent are of the whole pool, also where a part of it is done.
    assert upgrade_plan.batches(workers[1:4], workers, "50%") == [("web-2",), ("web-3", "web-4")]
    assert upgrade_plan.batches([], workers, "50%") == []


@pytest.mark.parametrize(
    ("most", "size", "expected"),
    [
        ("1", 9, 1), ("3", 9, 3), (2, 9, 2), (" 2 ", 9, 2), ("20", 9, 20),
        ("10%", 9, 1), ("10%", 19, 1), ("10%", 20, 2), ("50%", 1, 1), ("100%", 9, 9), ("1%", 0, 1),
    ],
)  # fmt: skip
def test_how_many_at_once(most, size, expected):
    assert upgrade_plan.at_once(most, size) == expected


@pytest.mark.parametrize(
    "most", ["0", "0%", "00", "101%", "x", "x%", "-1", "-1%", "", " ", "%", "1.5", "10%%", "1 2", "²", None]
)
def test_what_is_no_number_at_once(most):
    with pytest.raises(CskError) as caught:
        upgrade_plan.at_once(most, 9)
    (problem,) = caught.value.problems
    assert (problem.where, problem.what) == ("csk_upgrade_options.max_unavailable", f"is {most!r}.")


@pytest.mark.parametrize(
    ("change", "left_out", "batches"),
    [
        ({}, (), [("web-1",), ("web-2",), ("web-3",)]),
        ({"stopped": ["web-1"]}, ("web-1",), [("web-2",), ("web-3",)]),
        ({"nodes": [node("web-2", ready=False)]}, ("web-2",), [("web-1",), ("web-3",)]),
        ({"nodes": [node("web-3", kubelet=False)]}, ("web-3",), [("web-1",), ("web-2",)]),
        ({"stopped": ["web-1", "web-2", "web-3"]}, ("web-1", "web-2", "web-3"), []),
    ],
)
def test_workers_that_are_left_out(change, left_out, batches):
    found = planned(found=healthy(**change), accept=["dead_workers"])
    assert (found.left_out, list(found.batches), found.problems) == (left_out, batches, ())
    assert len(found.accepted) == bool(left_out)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nodes": [node("web-2", ready=False, kubelet=False)]}, "aren't Ready."),
        ({"stopped": ["web-2"]}, "aren't Ready."),
        ({"nodes": [node("web-2", kubelet=False)]}, "web-2: the API server doesn't reach its kubelet (port 10250)."),
        (
            {"nodes": [node("web-2", kubelet=False)], "stopped": ["web-1"]},
            "aren't Ready; web-2: the API server doesn't reach its kubelet (port 10250).",
        ),
    ],
)
def test_a_ready_node_is_not_said_to_be_unready(change, said):
    (problem,) = planned(found=healthy(**change)).problems
    assert problem.what == said


def test_a_worker_without_a_node_is_left_out():
    nodes = {m.name: node(m.name) for m in MACHINES if m.name != "web-2"}
    assert planned(found=replace(healthy(), nodes=nodes)).left_out == ("web-2",)


def test_a_worker_that_an_upgrade_was_begun_on_is_not_left_out():
    machines = [*MACHINES[:3], machine("web-1", "upgrading"), *MACHINES[4:]]
    found = planned(machines, found=healthy(machines, nodes=[node("web-1", ready=False)]))
    assert (found.left_out, found.batches[0], found.problems) == ((), ("web-1",), ())
    assert planned(machines, found=healthy(machines, stopped=["web-1"])).left_out == ("web-1",)


@pytest.mark.parametrize("found", [healthy(), upgrade_plan.Found(False, faults=[FAULT])])
def test_nothing_to_do(found):
    machines = [replace(m, version=NEW) for m in MACHINES]
    for rule in (ALLOWED, REFUSED):
        result = planned(machines, rule, found)
        assert (result.nothing_to_do, result.problems, result.sentences()) == (True, (), [])


def test_every_obstacle_is_told_at_once():
    found = healthy(
        nodes=[node("web-1", version="1.33.9"), node("master-2", ready=False)],
        stopped=["web-2", "web-3"],
        etcd=[member("master-1", 81 * MIB, "has the alarm NOSPACE"), member("master-3")],
        budgets=["web/a", "web/b"],
        pods=[POD],
        deprecated=[("g/v1beta1/r", "1.37")],
        stored=[("g/v1beta1/s", 7)],
        faults=[FAULT],
        disk_free=MIB,
        images=MIB,
    )
    wheres = [
        "csk_upgrade_to", "image of the machines", "disk of the machines", "node web-1", "masters master-2",
        "workers web-2, web-3", "masters master-2", "etcd of master-1", "etcd of master-1",
        "PodDisruptionBudget web/a", "PodDisruptionBudget web/b", "pod web/a on web-1", "API g/v1beta1/s",
        "API g/v1beta1/r",
    ]  # fmt: skip
    refused = planned(rule=EXPIRED, found=found)
    assert ([problem.where for problem in refused.problems], refused.accepted) == (wheres, ())
    accepted = planned(rule=EXPIRED, found=found, accept=upgrade_plan.ACCEPT)
    assert (len(accepted.problems), len(accepted.accepted)) == (7, 7)
    assert accepted.masters == refused.masters
    told = [*map(str, accepted.problems), *accepted.accepted]
    assert sorted(told) == sorted(map(str, refused.problems))


def test_what_may_be_accepted_is_known_here():
    assert set(ACCEPTABLE) == set(upgrade_plan.ACCEPT)


@pytest.mark.parametrize("name", ACCEPTABLE)
def test_an_obstacle_is_accepted_by_its_name_only(name):
    state, where = ACCEPTABLE[name]
    for others in ([], set(upgrade_plan.ACCEPT) - {name}):
        refused = planned(**state, accept=others)
        (problem,) = refused.problems
        assert (problem.where, refused.accepted) == (where, ())
        assert f"csk_upgrade_options.accept: [{name}]) means: {upgrade_plan.ACCEPT[name]}" in problem.fix
    accepted = planned(**state, accept=[name])
    assert (accepted.problems, accepted.accepted) == ((), (str(problem),))
    assert (accepted.masters, accepted.batches) == (refused.masters, refused.batches)


@pytest.mark.parametrize(("state", "where"), HARD, ids=[where for _state, where in HARD])
def test_what_nobody_may_accept(state, where):
    found = planned(**state, accept=upgrade_plan.ACCEPT)
    assert ([problem.where for problem in found.problems], found.accepted) == ([where], ())
    assert "csk_upgrade_options.accept" not in found.problems[0].fix


@pytest.mark.parametrize(
    ("rule", "begun", "version", "refused"),
    [
        (ALLOWED, None, OLD, False),
        (REFUSED, None, OLD, True),
        (EXPIRED, None, OLD, True),
        (REFUSED, NEW, OLD, False),  # it was begun
        (EXPIRED, NEW, OLD, False),
        (REFUSED, "1.37.0", OLD, True),  # another one was
        (Upgrade(NEW, NEW, False, "the cluster has it already."), NEW, NEW, False),
    ],
)
def test_an_upgrade_that_was_begun_is_not_refused_by_the_catalogue(rule, begun, version, refused):
    found = planned(rule=rule, cluster=replace(CLUSTER, upgrade_to=begun, version=version))
    assert [problem.where for problem in found.problems] == ["csk_upgrade_to"] * refused
    if refused:
        assert rule.reason in found.problems[0].what


def test_workers_alone_ask_neither_the_catalogue_nor_etcd():
    machines = [*(replace(m, version=NEW) for m in MACHINES[:3]), *MACHINES[3:]]
    found = planned(machines, REFUSED, healthy(machines, etcd=[member("master-1", 99 * MIB, "is odd")]))
    assert (found.masters, len(found.batches), found.problems) == ((), 3, ())


@pytest.mark.parametrize("change", [{"status": "ready"}, {"status": "upgrading"}])
def test_what_is_wrong_with_a_master_that_was_begun_is_no_obstacle(change):
    machines = [*MACHINES[:2], replace(MACHINES[2], **change), *MACHINES[3:]]
    begun = change["status"] == "upgrading"
    ill = [node("master-3", ready=False)]
    for etcd in ([*healthy().etcd[:2]], [*healthy().etcd[:2], member("master-3", problem="doesn't answer")]):
        found = planned(machines, found=healthy(machines, nodes=ill, etcd=etcd))
        assert bool(found.problems) != begun
        assert (found.masters[0] == "master-3") == begun


@pytest.mark.parametrize(
    ("used", "problem", "said"),
    [
        (80, "", []),
        (81, "", ["uses 81 of 100 MiB."]),
        (0, "doesn't answer", ["doesn't answer."]),
        (100, "has the alarm NOSPACE", ["has the alarm NOSPACE.", "uses 100 of 100 MiB."]),
    ],
)
def test_a_member_of_etcd(used, problem, said):
    found = planned(found=healthy(etcd=[*healthy().etcd[:2], member("master-3", used * MIB, problem)]))
    assert [(p.where, p.what) for p in found.problems] == [("etcd of master-3", what) for what in said]


@pytest.mark.parametrize("name", ["master-1", "web-1"])
@pytest.mark.parametrize(
    ("version", "refused"),
    [("1.33.9", True), ("1.34.0", False), ("1.36.3", False), ("1.37.2", False), ("1.38.0", True)],
)
def test_how_old_a_kubelet_may_be(name, version, refused):
    found = planned(found=healthy(nodes=[node(name, version=version)]))
    assert [problem.where for problem in found.problems] == [f"node {name}"] * refused
    if refused:
        assert f"has v{version}; the API servers would have v{NEW}" in found.problems[0].what


@pytest.mark.parametrize(
    ("release", "refused"), [("1.25", True), ("1.9", True), ("1.37", True), ("1.38", False), ("1.100", False)]
)
def test_an_api_that_goes(release, refused):
    found = planned(found=healthy(deprecated=[("g/v1/r", release)]))
    assert [p.what for p in found.problems] == [f"is in use, and goes with {release}."] * refused


@pytest.mark.parametrize(("free", "refused"), [(18 * MIB, False), (18 * MIB - 1, True)])
def test_room_for_the_images(free, refused):
    assert bool(planned(found=healthy(disk_free=free, images=MIB)).problems) == refused


def test_what_a_killed_run_did_is_in_nobodys_way():
    begun = replace(CLUSTER, upgrade_to=NEW)
    found = healthy(budgets=["web/a"], disk_free=1, images=MIB)
    assert len(planned(found=found).problems) == 2
    result = planned(found=found, cluster=begun)
    assert (result.problems, len(result.accepted)) == ((), 1)


@pytest.mark.parametrize(
    ("begun", "said"),
    [(None, "run the playbook csk.kubernetes.create first, which repairs them"), (NEW, "start their machines")],
)
def test_create_is_no_help_while_an_upgrade_is_under_way(begun, said):
    cluster = replace(CLUSTER, upgrade_to=begun)
    found = planned(cluster=cluster, found=healthy(stopped=["master-2", "web-1"]))
    assert [said in problem.fix for problem in found.problems] == [True, True]


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        ([], []),
        (list(upgrade_plan.ACCEPT), []),
        (["expired", "etcd", "", 7, "Pods"], ["etcd", "", 7, "Pods"]),
    ],
)
def test_names_that_stand_for_no_obstacle(names, wrong):
    found = upgrade_plan.unknown_accept(names)
    assert [problem.what for problem in found] == [f"has {name!r}, which is no obstacle's name." for name in wrong]
    assert {problem.where for problem in found} <= {"csk_upgrade_options.accept"}


def test_what_is_told_beforehand():
    found = planned([*MACHINES, *pool_of(1, "db")], found=healthy([*MACHINES, *pool_of(1, "db")], stopped=["db-1"]))
    assert found.sentences() == [
        "etcd: take a snapshot.",
        f"master-1: upgrade the master to {NEW}.",
        f"master-2: upgrade the master to {NEW}.",
        f"master-3: upgrade the master to {NEW}.",
        "add-ons and network plugin: bring them to the same release.",
        "batch 1 of 3: upgrade web-1.",
        "batch 2 of 3: upgrade web-2.",
        "batch 3 of 3: upgrade web-3.",
    ]


def test_what_is_told_of_workers_alone():
    machines = [*(replace(m, version=NEW) for m in MACHINES[:3]), *MACHINES[3:]]
    assert planned(machines, most="2").sentences() == [
        "batch 1 of 2: upgrade web-1.",
        "batch 2 of 2: upgrade web-2, web-3.",
    ]


def heir(name, of, status="new"):
    return replace(machine(name, status, NEW), replaces=of)


@pytest.mark.parametrize(
    ("workers", "changed", "replaced"),
    [
        (pool_of(3), (), (("web-1",), ("web-2", "web-3"))),
        # A killed run made the new one, or was about to remove the old one.
        ([*pool_of(3), heir("web-4", "web-1")], (), (("web-1",), ("web-2", "web-3"))),
        (
            [machine("web-2"), machine("web-1", "leaving"), heir("web-4", "web-1", "ready")],
            (),
            (("web-1",), ("web-2",)),
        ),
        ([machine("web-3"), heir("web-4", "web-1", "ready"), heir("web-5", "web-2", "ready")], (), (("web-3",),)),
    ],
)
def test_workers_are_replaced(workers, changed, replaced):
    machines = [*MACHINES[:3], *workers]
    nodes = {m.name: node(m.name, version=m.version) for m in machines if m.status == "ready"}
    found = planned(machines, found=replace(healthy(machines), nodes=nodes), most="2", workers="replace")
    assert (found.batches, found.replaced, found.left_out, found.problems) == (changed, replaced, (), ())
    assert not found.nothing_to_do
    assert found.surge == max(map(len, replaced))


def test_who_has_an_heir_is_replaced_whatever_the_option_says_now():
    machines = [*MACHINES, heir("web-4", "web-2")]
    found = planned(machines)
    assert (found.batches, found.replaced) == ((("web-1",), ("web-3",)), (("web-2",),))
    told = found.sentences()
    assert "batch 1 of 1: new machines for web-2, which go then." in told


def test_a_new_machine_that_died_after_the_old_one_went_is_told():
    machines = [*MACHINES[:3], machine("web-1"), heir("web-4", "web-2", "ready")]
    (problem,) = planned(machines, found=healthy(machines, stopped=["web-4"]), workers="replace").problems
    assert problem.where == "workers web-4"


def test_machines_that_are_replaced_need_no_disk_for_images():
    machines = [*(replace(m, version=NEW) for m in MACHINES[:3]), *pool_of(3)]
    tight = healthy(machines, disk_free=1, images=MIB)
    assert planned(machines, found=tight).problems
    assert not planned(machines, found=tight, workers="replace").problems


NEXT = Upgrade(NEW, "1.38.0", allowed=True)


def test_a_path_goes_on():
    found = planned(following=[NEXT])
    assert (found.target, found.then, found.problems) == (NEW, ("1.38.0",), ())
    assert found.sentences()[-1] == "then the same to 1.38.0."


def test_the_whole_path_is_judged_before_its_first_step():
    (problem,) = planned(following=[replace(NEXT, allowed=False, reason="it is too early.")]).problems
    assert (problem.where, problem.what) == ("csk_upgrade_to", f"{NEW} -> 1.38.0: it is too early.")


def test_two_minors_at_once_name_the_path():
    steps = (Step(OLD, NEW, True, DAY, DAY), Step(NEW, "1.38.0", True, DAY, DAY))
    (problem,) = planned(rule=Upgrade(OLD, "1.38.0", False, "one minor at a time.", steps)).problems
    assert "csk_upgrade_options.path: [1.37, 1.38]" in problem.fix
