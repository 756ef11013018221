# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each machine needs, by what is recorded, what the provider has and what the API shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import names
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineState
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine, Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.names import ADDONS
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import Live, NodeState, Observed
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import plan
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.labels import node_labels
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.scaling import decide

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SPEC = {"zones": ["a", "b"], "masters": 3}
READY = Cluster("id", "demo", "default", "1.36.3", SPEC, "ready", "172.30.0.0/24", "172.30.0.10", "token", NOW)
CREATING = replace(READY, status="creating")
POOL = Pool("demo", "web", {"labels": {"tier": "web"}, "taints": [], "zones": [], "desired_size": 2})
MASTER = Machine("demo", "master-1", "master", None, "a", "172.30.0.11", "create", NOW, "ready")
WORKER = Machine("demo", "web-1", "worker", "web", "a", "172.30.0.14", "create", NOW, "ready")
MASTER_TAINT = ("node-role.kubernetes.io/control-plane", "", "NoSchedule")


def node(machine: Machine, ready: bool = True, kubelet: bool = True, marked: bool = True) -> NodeState:
    labels = node_labels(machine, POOL if machine.pool else None)
    if machine.role == "master" and marked:
        labels[names.MASTER_LABEL] = ""
    taints = (MASTER_TAINT,) if machine.role == "master" else ()
    return NodeState(machine.name, ready, kubelet, "v1.36.3", labels, taints)


def machine_state(machine: Machine, status: str | None) -> MachineState | None:
    return MachineState(machine.name, machine.address, status, {}, "2026-11-24T12:00:00Z") if status else None


def seen(*nodes: NodeState, reachable: bool = True, **more) -> Observed:
    values = {"addons": dict.fromkeys(ADDONS, True), "record": {}} | more
    return Observed(reachable, {item.name: item for item in nodes}, **values) if reachable else Observed(False)


DOWN = seen(reachable=False)
NONE = seen()


@pytest.mark.parametrize(
    ("cluster", "machine", "status", "observed", "expected"),
    [
        # a cluster that was ready: nothing to do
        (READY, MASTER, "running", seen(node(MASTER)), None),
        (READY, WORKER, "running", seen(node(WORKER)), None),
        (READY, WORKER, "running", DOWN, None),  # nothing is known of it
        # a machine that was stopped is started, whatever the API says
        (READY, MASTER, "stopped", DOWN, ("start", "")),
        (READY, WORKER, "stopped", seen(node(WORKER, ready=False)), ("start", "")),
        (READY, WORKER, "stopped", NONE, ("start", "")),
        # a machine that is gone
        (READY, MASTER, None, seen(node(MASTER, ready=False)), ("replace", "join")),
        (READY, MASTER, None, DOWN, ("replace", "join")),
        (READY, WORKER, None, seen(node(WORKER, ready=False)), ("replace", "join")),
        (READY, replace(WORKER, status="new"), None, NONE, ("create", "join")),
        (READY, replace(MASTER, status="new"), None, NONE, ("replace", "join")),
        # a join that was never finished
        (READY, replace(WORKER, status="new"), "running", NONE, ("", "join")),
        (READY, replace(WORKER, status="new"), "running", seen(node(WORKER, ready=False)), ("", "join")),
        (READY, replace(WORKER, status="new"), "running", seen(node(WORKER)), None),
        (READY, replace(WORKER, status="new"), "stopped", NONE, ("start", "join")),
        (READY, replace(MASTER, status="new"), "running", NONE, ("replace", "join")),
        (READY, replace(MASTER, status="new"), "running", seen(node(MASTER, ready=False)), ("replace", "join")),
        (READY, replace(MASTER, status="new"), "running", seen(node(MASTER, marked=False)), ("replace", "join")),
        (READY, replace(MASTER, status="new"), "running", seen(node(MASTER)), None),  # it outlived the killed run
        # what the kubelet has to put right
        (READY, MASTER, "running", seen(node(MASTER, kubelet=False)), ("", "repair")),
        (READY, WORKER, "running", seen(node(WORKER, ready=False)), ("", "repair")),
        (READY, WORKER, "running", seen(node(WORKER, ready=False, kubelet=False)), ("", "repair")),
        (READY, WORKER, "running", NONE, ("", "register")),
        (READY, MASTER, "running", NONE, ("", "register")),
        # a cluster that was never ready: masters repeat the bootstrap
        (CREATING, replace(MASTER, status="new"), None, DOWN, ("create", "bootstrap")),
        (CREATING, replace(MASTER, status="new"), "stopped", DOWN, ("start", "bootstrap")),
        (CREATING, replace(MASTER, status="new"), "running", DOWN, ("", "bootstrap")),
        (CREATING, replace(MASTER, status="new"), "running", seen(node(MASTER)), ("", "bootstrap")),
        # its API answers, so etcd has a majority: the lost one can only join
        (CREATING, replace(MASTER, status="new"), None, NONE, ("replace", "join")),
        (CREATING, replace(WORKER, status="new"), None, DOWN, ("create", "join")),
        (CREATING, replace(WORKER, status="new"), "running", NONE, ("", "join")),
        (CREATING, replace(WORKER, status="new"), "running", seen(node(WORKER, ready=False)), ("", "join")),
        (CREATING, replace(WORKER, status="new"), "running", seen(node(WORKER)), None),
        (CREATING, replace(WORKER, status="new"), "stopped", seen(node(WORKER)), ("start", "join")),
    ],
)
def test_what_a_machine_needs(cluster, machine, status, observed, expected):
    work = plan.machine_work(cluster, machine, machine_state(machine, status), observed)
    assert (work and (work.machine, work.host)) == expected
    if work:
        assert work.name == machine.name
        assert work.why


@pytest.mark.parametrize("status", ["running", "stopped"])
@pytest.mark.parametrize("observed", [seen(node(MASTER)), seen(node(MASTER, kubelet=False)), NONE])
def test_a_master_whose_etcd_is_not_the_clusters_is_replaced(status, observed):
    work = plan.machine_work(READY, MASTER, machine_state(MASTER, status), observed, "its etcd is another cluster")
    assert (work.machine, work.host) == ("replace", "join")
    assert work.why == "its etcd is another cluster: replace the machine and join it"


@pytest.mark.parametrize(
    ("observed", "missing"),
    [
        (seen(), []),
        (seen(addons={}), list(ADDONS)),
        (seen(addons={"coredns": False, "kube-proxy": True}), ["flannel"]),  # one that isn't available yet is there
        (DOWN, []),
    ],
)
def test_addons(observed, missing):
    assert plan.addons_missing(observed) == missing


def test_labels_that_are_missing_or_wrong():
    there = node(WORKER)
    assert plan.label_changes(WORKER, POOL, there) == {}
    changed = replace(there, labels=there.labels | {"tier": "db", "mine": "1"})
    assert plan.label_changes(WORKER, POOL, changed) == {"tier": "web"}
    del changed.labels["csk.dev/origin"]
    assert plan.label_changes(WORKER, POOL, changed) == {"tier": "web", "csk.dev/origin": "create"}
    assert plan.label_changes(MASTER, None, node(MASTER, marked=False)) == {names.MASTER_LABEL: ""}


@pytest.mark.parametrize(
    ("machine", "taints", "wanted"),
    [
        (MASTER, (MASTER_TAINT,), None),
        (MASTER, (MASTER_TAINT, ("mine", "", "NoExecute")), None),  # others' taints stay
        (MASTER, (("mine", "1", "NoExecute"),), [("mine", "1", "NoExecute"), MASTER_TAINT]),
        (WORKER, (), [("kind", "batch", "NoSchedule")]),
        (WORKER, (("kind", "batch", "NoSchedule"),), None),
        (WORKER, (("kind", "web", "NoSchedule"),), [("kind", "batch", "NoSchedule")]),  # one value a key and effect
        (WORKER, (("kind", "web", "NoExecute"),), [("kind", "web", "NoExecute"), ("kind", "batch", "NoSchedule")]),
    ],
)
def test_taints(machine, taints, wanted):
    pool = replace(POOL, spec=POOL.spec | {"taints": [{"key": "kind", "value": "batch", "effect": "NoSchedule"}]})
    found = plan.taints_wanted(machine, pool, replace(node(machine), taints=taints))
    assert (found and [(t["key"], t["value"], t["effect"]) for t in found]) == wanted


def sentences(observed, status="running", cluster=READY):
    machines = [MASTER, WORKER]
    states = {m.name: machine_state(m, status) for m in machines}
    return plan.cluster_sentences(cluster, machines, {"web": POOL}, Live(states, observed))


def test_a_whole_cluster_has_nothing_to_do():
    assert sentences(seen(node(MASTER), node(WORKER))) == []


def test_everything_that_is_wrong_is_said():
    worker = replace(node(WORKER), labels={})
    found = sentences(seen(replace(node(MASTER, kubelet=False), taints=()), worker, addons={}, record=None))
    assert found == [
        "master-1: the kubelet doesn't answer: restart the kubelet.",
        "master-1: set its taints.",
        "web-1: set the labels csk.dev/added-at, csk.dev/nodepool, csk.dev/origin, tier, topology.kubernetes.io/zone.",
        *(f"add-on {name}: install it, it is missing." for name in ADDONS),
        "record of the cluster: write it.",
    ]


def test_an_api_that_does_not_answer():
    assert sentences(DOWN) == ["API server: it doesn't answer; wait for it."]
    assert sentences(DOWN, "stopped") == ["master-1: start the machine.", "web-1: start the machine."]


OPTIONS = {"name": "web", "state": "present", "nodes": [], "scale_in_policy": "fifo"}
SCALED = [replace(WORKER, name=f"web-{number}", origin="scale") for number in (2, 3)]


def said_of(recorded, machines, **options):
    """What a pool's options change, and what create says of it."""
    pool = POOL.spec | OPTIONS | options
    scaling = decide(pool, machines, "csk_nodepools[0]")
    assert not scaling.problems
    refused = plan.removal_problems(pool, scaling, "csk_nodepools[0]")
    return plan.pool_sentences(pool, recorded, scaling), [problem.what for problem in refused]


@pytest.mark.parametrize(
    ("size", "have", "recorded", "said"),
    [
        (2, 0, False, ["pool web: create it with 2 workers."]),
        (0, 0, False, ["pool web: create it with 0 workers."]),
        (3, 3, True, []),
        (5, 3, True, ["pool web: add 2 workers."]),
    ],
)
def test_a_pools_size(size, have, recorded, said):
    found = said_of(POOL if recorded else None, [WORKER, *SCALED][:have], desired_size=size)
    assert found == (said, [])


def test_a_pool_that_shrinks_is_refused_by_create():
    said, refused = said_of(POOL, [WORKER, *SCALED], desired_size=2)
    assert said == [
        "web-2: drain and remove it (origin scale, oldest first: added at 2026-11-24 12:00:00 UTC).",
    ]
    assert refused == ["would remove web-2."]


@pytest.mark.parametrize(
    ("recorded", "said", "refused"),
    [
        (POOL, ["web-1: drain and remove it (the pool is removed).", "pool web: remove it."], ["would remove web-1."]),
        (None, [], ["would remove the pool web."]),
    ],
)
def test_a_pool_that_goes(recorded, said, refused):
    machines = [WORKER] if recorded else []
    assert said_of(recorded, machines, state="absent", desired_size=None) == (said, refused)


@pytest.mark.parametrize("key", ["zones", "labels", "taints"])
def test_a_pools_settings(key):
    assert said_of(POOL, [WORKER, *SCALED[:1]], **{key: ["new"]}) == ([f"pool web: change {key}."], [])


@pytest.mark.parametrize(
    ("masters", "lost", "refused"),
    [(3, 0, False), (3, 1, False), (3, 2, True), (3, 3, True), (5, 2, False), (5, 3, True)],
)
def test_quorum(masters, lost, refused):
    machines = [replace(MASTER, name=f"master-{number}") for number in range(1, masters + 1)]
    problem = plan.quorum_problem(READY, machines, [m.name for m in machines[:lost]])
    assert (problem is not None) == refused
    if problem:
        assert "master-1" in problem.what
        assert "restore" in problem.fix


@pytest.mark.parametrize("observed", ["down", "no node", "not ready", "no kubelet", "unmarked", "ready"])
@pytest.mark.parametrize("state", [None, "stopped", "running"])
@pytest.mark.parametrize("recorded", ["new", "ready"])
@pytest.mark.parametrize("role", ["master", "worker"])
@pytest.mark.parametrize("status", ["creating", "ready"])
def test_what_holds_in_every_case(status, role, recorded, state, observed):
    cluster, machine = replace(READY, status=status), replace(MASTER if role == "master" else WORKER, status=recorded)
    found = {
        "down": DOWN,
        "no node": NONE,
        "not ready": seen(node(machine, ready=False)),
        "no kubelet": seen(node(machine, kubelet=False)),
        "unmarked": seen(node(machine, marked=False)),
        "ready": seen(node(machine)),
    }[observed]
    work = plan.machine_work(cluster, machine, machine_state(machine, state), found)
    step, host = (work.machine, work.host) if work else ("", "")
    # A machine that isn't there is made, one that is stopped is started or replaced, one that runs is never made.
    assert step in {None: ("create", "replace"), "stopped": ("start", "replace"), "running": ("", "replace")}[state]
    # A machine that runs or is stopped, and was finished, keeps its data.
    if step == "replace" and state:
        assert (status, role, recorded) == ("ready", "master", "new")
    # A machine that is made anew becomes a node by a bootstrap or a join; nobody but a master bootstraps.
    assert host in ("bootstrap", "join") or step not in ("create", "replace")
    assert host != "bootstrap" or (role, status) == ("master", "creating")
    # Nothing is repaired that nobody has seen.
    assert host not in ("repair", "register") or (found.reachable and state == "running" and recorded == "ready")
    # What is as it should be is left alone.
    if (status, state, observed) == ("ready", "running", "ready"):
        assert work is None


def test_a_pool_that_is_changed_and_grows():
    changes, refused = said_of(POOL, [WORKER, SCALED[0]], desired_size=4, labels={}, zones=["a"])
    assert changes == ["pool web: add 2 workers.", "pool web: change labels, zones."]
    assert refused == []


def test_creating():
    assert plan.create_sentences("demo", "1.36.3", 3, ["a", "b"]) == [
        "cluster demo: create it with Kubernetes 1.36.3, 3 masters in a, b."
    ]


def test_a_cluster_that_is_still_being_created_is_not_judged_by_its_labels():
    bare = replace(node(WORKER), labels={})
    assert sentences(seen(bare, addons={}, record=None), cluster=CREATING) == ["master-1: set up the master."]


def test_labels_of_a_worker_whose_pool_is_not_recorded():
    there = replace(node(WORKER), labels={})
    assert set(plan.label_changes(WORKER, None, there)) == {
        "csk.dev/added-at", "csk.dev/origin", "topology.kubernetes.io/zone",
    }  # fmt: skip
    assert plan.taints_wanted(WORKER, None, there) is None


@pytest.mark.parametrize(
    ("wanted", "unschedulable", "by_pool", "expected"),
    [
        (False, False, False, None),
        (False, True, False, None),  # somebody cordoned it: it stays so
        (False, True, True, False),
        (True, False, False, True),
        (True, True, False, None),
        (True, True, True, None),
        (True, False, True, True),  # somebody uncordoned it
    ],
)
def test_pools_that_take_no_pods(wanted, unschedulable, by_pool, expected):
    pool = replace(POOL, spec=POOL.spec | {"unschedulable": wanted})
    there = replace(node(WORKER), unschedulable=unschedulable, unschedulable_by_pool=by_pool)
    assert plan.unschedulable_wanted(pool, there) is expected
    assert plan.unschedulable_wanted(None, replace(there, unschedulable_by_pool=False)) is None
