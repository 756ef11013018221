# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a node counts as dead."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import Live, NodeState, Observed
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import removal

CLUSTER = SimpleNamespace(name="demo", spec={})


def look(kubelet=True, ready=True, machine="running", there=True, reachable=True):
    """One look at web-1: its machine's status (None: there is none), and its Node."""
    node = NodeState("web-1", ready, kubelet, "v1.36.3", {}, ())
    machines = {"web-1": SimpleNamespace(name="web-1", status=machine)} if machine else {}
    nodes = {"web-1": node} if there and reachable else {}
    return Live(machines, Observed(reachable, nodes))


WELL, SLOW, DOWN, UNKNOWN = look(), look(kubelet=False), look(ready=False), look(reachable=False)
STOPPED, GONE, NO_NODE = look(kubelet=False, machine="stopped"), look(ready=False, machine=None), look(there=False)


@pytest.fixture
def seen(monkeypatch):
    """Lets ``settled`` see one look after another, the last one for ever; and counts them."""

    def run(looks, first=None):
        left, count, now = list(looks), 0, [0.0]

        def next_look():
            nonlocal count
            count += 1
            return left.pop(0) if len(left) > 1 else left[0]

        current = {}

        def states():
            current["live"] = next_look()
            return current["live"].machines

        def sleep(seconds):
            now[0] += seconds

        monkeypatch.setattr(removal, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
        session = SimpleNamespace(fleet=lambda _cluster: SimpleNamespace(states=states))
        api = SimpleNamespace(observe=lambda: current["live"].observed)
        return removal.settled(session, CLUSTER, api, ["web-1"], first), count

    return run


@pytest.mark.parametrize(
    ("first", "looks", "alive", "count"),
    [
        (None, [WELL], True, 1),
        (WELL, [DOWN], True, 0),
        (SLOW, [WELL], True, 1),
        (UNKNOWN, [UNKNOWN, SLOW, DOWN, WELL], True, 4),
        (None, [SLOW, WELL], True, 2),
        # What can't answer isn't waited for.
        (None, [STOPPED], False, 1),
        (None, [GONE], False, 1),
        (None, [NO_NODE], False, 1),
        # Silent all the time.
        (None, [SLOW], False, removal.DEATH_SECONDS + 2),
        (DOWN, [DOWN], False, removal.DEATH_SECONDS + 1),
    ],
)
def test_one_slow_answer_is_no_death(seen, first, looks, alive, count):
    live, asked = seen(looks, first)
    assert (removal.answers("web-1", live), asked) == (alive, count)


def test_an_api_that_is_silent_says_nothing_of_the_nodes(seen):
    with pytest.raises(CskError, match="API of demo"):
        seen([UNKNOWN])
