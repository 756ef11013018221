# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long it is looked at a node until it is known to be evicted or forced; and in which order what is forced goes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import fencing
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import Live, NodeState, Observed
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.fencing import way_anew

CLUSTER = SimpleNamespace(name="demo", spec={})
NODE = NodeState("web-1", ready=True, kubelet=True, version="v1.36.3", labels={}, taints=(), heard="1")


def look(node=NODE, machine="running", reachable=True):
    """One look at web-1: its machine's status (None: there is none), and its Node."""
    machines = {"web-1": SimpleNamespace(name="web-1", status=machine)} if machine else {}
    return Live(machines, Observed(reachable, {"web-1": node} if node and reachable else {}))


BLOCKED = replace(NODE, kubelet=False)
UNKNOWN = replace(BLOCKED, ready=False, lapsed=True, unknown=True)
WELL, QUIET, SILENT, MUTE = look(), look(BLOCKED), look(UNKNOWN), look(reachable=False)
AGAIN = look(replace(BLOCKED, heard="2"))
STOPPED, GONE, NO_NODE = look(BLOCKED, "stopped"), look(BLOCKED, None), look(None)
STOPPED_OLD, GONE_OLD = look(UNKNOWN, "stopped"), look(replace(BLOCKED, lapsed=True), None)
GONE_AGAIN = look(replace(BLOCKED, heard="2"), None)


@pytest.fixture
def judge(monkeypatch):
    """Lets ``judge`` see one look after another, the last one for ever; its way or refusal, and how many it took."""

    def run(looks, first=None, can_stop=True, forgotten=(), **rule):
        left, count, now = list(looks), 0, [0.0]
        current = {}

        def states():
            nonlocal count
            count += 1
            current["live"] = left.pop(0) if len(left) > 1 else left[0]
            return current["live"].machines

        def sleep(seconds):
            now[0] += seconds

        monkeypatch.setattr(fencing, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
        fleet = SimpleNamespace(states=states, stops=lambda _name: can_stop)
        session = SimpleNamespace(fleet=lambda _cluster: fleet, forgotten=set(forgotten), say=lambda _line: None)
        api = SimpleNamespace(observe=lambda: current["live"].observed, pods_on=lambda _name: ["pod"])
        found = fencing.judge(session, CLUSTER, api, ["web-1"], first, **rule)
        return found.ways.get("web-1") or found.problems["web-1"].what, count

    return run


ALL = fencing.LOOK_SECONDS + 2


@pytest.mark.parametrize(
    ("first", "looks", "found", "count"),
    [
        (None, [WELL], "evict", 1),
        (WELL, [QUIET], "evict", 0),
        (QUIET, [WELL], "evict", 1),
        # The port is blocked, the Lease is renewed.
        (None, [QUIET, QUIET, QUIET, AGAIN], "evict", 4),
        (MUTE, [MUTE, QUIET, AGAIN], "evict", 3),
        # Silent until the API gives it up.
        (None, [QUIET, QUIET, SILENT], "force", 3),
        (None, [SILENT], "force", 1),
        # Neither: what runs may live, so its pods are asked to go.
        (None, [QUIET], "evict", ALL),
        # Dead: the Lease is waited for, once.
        (None, [STOPPED, STOPPED, STOPPED_OLD], "force", 3),
        (None, [GONE, GONE_OLD], "force", 2),
        (None, [NO_NODE], "force", 1),
        # It was renewed, and then the machine was stopped: what counts is since then.
        (None, [QUIET, AGAIN], "evict", 2),
        (
            None,
            [QUIET, look(replace(BLOCKED, heard="2"), "stopped"), look(replace(UNKNOWN, heard="2"), "stopped")],
            "force",
            3,
        ),
        # It has no machine here, and lives.
        (None, [GONE, GONE, GONE_AGAIN], "no running machine", 3),
        (None, [GONE], "no running machine", ALL),
    ],
)
def test_one_slow_answer_is_no_death(judge, first, looks, found, count):
    way, asked = judge(looks, first)
    assert (found in way, asked) == (True, count), way


def test_what_nobody_can_stop(judge):
    assert "can't stop it" in judge([SILENT], can_stop=False)[0]
    assert judge([SILENT], can_stop=False, forgotten=["web-1"])[0] == "force"
    assert "can't stop it" in judge([SILENT], can_stop=False, forgotten=["web-2"])[0]


def test_what_is_made_anew_is_not_evicted(judge):
    assert judge([WELL], rule=way_anew) == ("force", 1)
    assert "no running machine" in judge([GONE, GONE_AGAIN], rule=way_anew)[0]


def test_an_api_that_is_silent_says_nothing_of_the_nodes(judge):
    with pytest.raises(CskError, match="API of demo"):
        judge([MUTE])


class Api:
    """Notes what is done to a Node."""

    def __init__(self, there=True, volumes=(), attached=()):
        self.done, self.there, self.volumes, self.left = [], there, volumes, list(attached)

    def __getattr__(self, name):
        return lambda _node: self.done.append(name)

    def has_node(self, _node):
        """As NodeApi has it."""
        return self.there

    def has_volumes(self, _node):
        """As NodeApi has it."""
        return bool(self.volumes)

    def attachments(self, _node):
        """As NodeApi has it; one goes with each question."""
        return self.left.pop() if self.left else []


@pytest.mark.parametrize(
    ("api", "done"),
    [
        (Api(), ["cordon", "force_pods", "delete_node"]),
        (Api(there=False), ["force_pods", "delete_node"]),
        (Api(volumes=["a"]), ["cordon", "put_out_of_service", "force_pods", "delete_node"]),
        (Api(volumes=["a"], attached=[["a"]]), ["cordon", "put_out_of_service", "force_pods", "delete_node"]),
    ],
)
def test_volumes_are_free_before_the_node_goes(api, done):
    fencing.take_out(SimpleNamespace(say=lambda _line: None), api, "web-1")
    assert api.done == done


def test_a_volume_that_stays_attached_keeps_the_node(monkeypatch):
    monkeypatch.setattr(fencing, "wait", lambda faults, _seconds, _say: faults())
    api = Api(volumes=["a"], attached=[["a"]])
    with pytest.raises(CskError, match="the volume a is attached"):
        fencing.take_out(SimpleNamespace(say=None), api, "web-1")
    assert api.done == ["cordon", "put_out_of_service", "force_pods"]
