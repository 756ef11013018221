# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods are evicted, and which keep a node from being emptied."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import draining
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import drain

CAREFUL = draining.Drain(timeout=5, grace_period=None, force=False, delete_emptydir_data=False)
BOLD = draining.Drain(timeout=5, grace_period=None, force=True, delete_emptydir_data=True)


def pod(owner="ReplicaSet", phase="Running", empty_dir=False, mirror=False, controller=True, uid="1", tolerations=None):
    """A pod as the client gives it."""
    owners = [SimpleNamespace(kind=owner, name="x", controller=controller)] if owner else None
    annotations = {drain.MIRROR: "hash"} if mirror else None
    return SimpleNamespace(
        metadata=SimpleNamespace(namespace="web", name="a", uid=uid, owner_references=owners, annotations=annotations),
        spec=SimpleNamespace(
            volumes=[SimpleNamespace(empty_dir={"medium": ""} if empty_dir else None)], tolerations=tolerations
        ),
        status=SimpleNamespace(phase=phase),
    )


@pytest.mark.parametrize(
    ("found", "goes"),
    [
        (pod(), True),
        (pod(owner=None), True),
        (pod(owner="DaemonSet"), False),
        (pod(owner="DaemonSet", controller=False), True),  # owned, but not made again by it
        (pod(owner="Node", mirror=True), False),
    ],
)
def test_what_belongs_to_its_node_stays(found, goes):
    assert drain.evictable(found) == goes


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pod(), None),
        (pod(owner=None), "drain.force"),
        (pod(controller=False), "drain.force"),
        (pod(empty_dir=True), "drain.delete_emptydir_data"),
        (pod(owner=None, phase="Succeeded"), None),
        (pod(empty_dir=True, phase="Failed"), None),
    ],
)
def test_what_keeps_a_node_from_being_emptied(found, said):
    refused = drain.obstacle("web-1", found, CAREFUL)
    assert (refused is None) == (said is None)
    if refused:
        assert (refused.node, refused.pod) == ("web-1", "web/a")
        assert said in refused.fix
    assert drain.obstacle("web-1", found, BOLD) is None


def toleration(key=None, operator=None, value=None, effect=None):
    return SimpleNamespace(key=key, operator=operator, value=value, effect=effect)


CORDON = "node.kubernetes.io/unschedulable"
ALL = [toleration(operator="Exists")]


@pytest.mark.parametrize(
    ("tolerations", "tolerates"),
    [
        (None, False),
        ([], False),
        (ALL, True),
        ([toleration(operator="Exists", effect="NoSchedule")], True),
        ([toleration(operator="Exists", effect="NoExecute")], False),
        ([toleration(CORDON, "Exists")], True),
        ([toleration(CORDON, "Exists", effect="NoSchedule")], True),
        ([toleration(CORDON)], True),  # Equal, and the taint has no value
        ([toleration(CORDON, "Equal", "x")], False),
        ([toleration("tier", "Exists")], False),
        ([toleration("tier", "Exists"), toleration(CORDON, "Exists")], True),
    ],
)
def test_who_may_come_to_a_cordoned_node(tolerations, tolerates):
    assert drain.tolerates_cordon(pod(tolerations=tolerations)) == tolerates


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pod(tolerations=ALL), ["ReplicaSet x made it", "it tolerates everything"]),
        (pod(tolerations=[toleration(CORDON, "Exists", effect="NoSchedule")]), [f"tolerates {CORDON}:NoSchedule"]),
        (pod(), ["ReplicaSet x made it", "past the scheduler"]),
        (pod(owner=None), ["no controller made it"]),
    ],
)
def test_why_a_pod_is_on_a_cordoned_node(found, said):
    assert [part for part in said if part not in drain.why_here(found)] == []


class Api:
    """A node whose pods come back when they are evicted.

    :param comes: what comes for each that goes.
    :param refuses: how often an eviction is refused before it is granted.
    :param lives: whether pods stay although they were evicted.
    """

    def __init__(self, *pods, comes=(), refuses=0, lives=False):
        self.pods, self.comes, self.refuses, self.lives = list(pods), list(comes), refuses, lives
        self.evicted = []

    def pods_on(self, _node):
        """As NodeApi has it."""
        return list(self.pods)

    def evict(self, found, _grace_period):
        """As NodeApi has it."""
        if self.refuses:
            self.refuses -= 1
            return SimpleNamespace(status=429, body="", reason="Too Many Requests")
        self.evicted.append(found.metadata.uid)
        if not self.lives:
            self.pods = [one for one in self.pods if one.metadata.uid != found.metadata.uid]
        if self.comes:
            self.pods.append(self.comes.pop(0))
        return None


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No time passes between two looks but by the clock that a look moves."""
    now = [0.0]
    monkeypatch.setattr(
        drain, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    )


def again(count):
    return [pod(uid=str(number), tolerations=ALL) for number in range(2, 2 + count)]


def run(api, how=BOLD):
    left, came = drain.drain(api, ["web-1"], how, lambda _line: None)
    return [one.why for one in left], [one.why for one in came]


def test_what_comes_back_is_not_evicted_again():
    api = Api(pod(tolerations=ALL), comes=again(9))
    left, came = run(api)
    assert (api.evicted, left) == (["1"], [])
    assert len(came) == 1
    assert "tolerates everything" in came[0]


def test_a_daemon_sets_pod_that_comes_is_none_of_it():
    api = Api(pod(), comes=[pod(owner="DaemonSet", uid="2")])
    assert run(api) == ([], [])


def test_a_budget_is_waited_for_and_what_does_not_end_is_told():
    api = Api(pod(), refuses=3)
    assert run(api) == ([], [])
    left, _came = run(Api(pod(), refuses=99))
    assert left == ["Too Many Requests"]
    left, came = run(Api(pod(), lives=True))
    assert (len(left), came) == (1, [])
    assert "hasn't ended within 5 s" in left[0]


def test_a_node_with_an_obstacle_is_not_touched():
    api = Api(pod(owner=None))
    left, came = run(api, CAREFUL)
    assert (api.evicted, len(left), came) == ([], 1, [])


def test_what_came_is_asked_for_once_more_before_its_machine_stops():
    api = Api(*again(1), comes=again(9)[1:], refuses=2)
    assert drain.drain_rest(api, "web-1", BOLD, lambda _line: None) == []
    assert api.evicted == ["2"]
    # It isn't waited for the end of what would come again, but of what came at the moment of the cordon.
    assert drain.drain_rest(Api(*again(1), lives=True), "web-1", BOLD, lambda _line: None) == []
    assert len(drain.drain_rest(Api(pod(), lives=True), "web-1", BOLD, lambda _line: None)) == 1
    assert len(drain.drain_rest(Api(*again(1), refuses=99), "web-1", BOLD, lambda _line: None)) == 1
