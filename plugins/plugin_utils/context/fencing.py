# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a machine's Node, pods and volumes out of a cluster, by force only where the machine is off."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from ..core.errors import CskError, Problem
from ..core.models import Cluster
from ..core.observed import Live
from ..kube.cluster_api import ClusterApi
from ..rules.fencing import Seen, Way, refusal, way
from .session import Session
from .waiting import wait

# For which it is waited until a node is either heard or lost: a Lease lasts 40 s, and the controller manager calls a
# node Unknown after 50 s (node-monitor-grace-period); a new leader of it begins to count anew.
LOOK_SECONDS = 120
ROUND_SECONDS = 1
DETACH_SECONDS = 120


@dataclass(frozen=True)
class Judgement:
    """How machines may be taken out of a cluster.

    :param live: the last look.
    :param ways: by the machine's name: evict, or force.
    :param problems: by the machine's name: why it may not be taken out.
    """

    live: Live
    ways: dict[str, Way]
    problems: dict[str, Problem]


class _Watch:
    """Looks at machines and Nodes, and remembers what each Lease said at first."""

    def __init__(self, session: Session, cluster: Cluster, api: ClusterApi) -> None:
        self._fleet, self._api, self._forgotten = session.fleet(cluster), api, session.forgotten
        self._first: dict[str, tuple[str, str]] = {}  # what its provider and its Lease said when that was first seen

    def look(self) -> Live:
        return Live(self._fleet.states(), self._api.observe())

    def seen(self, name: str, live: Live) -> Seen:
        state, node = live.machines.get(name), live.observed.nodes.get(name)
        status, heard = state.status if state else "", node.heard if node else ""
        if self._first.setdefault(name, (status, heard))[0] != status:
            self._first[name] = (status, heard)
        renewed = heard not in ("", self._first[name][1])
        pods = node is not None or bool(self._api.pods_on(name))
        return Seen(status, node, self._fleet.stops(name), name in self._forgotten, renewed, pods)


def judge(
    session: Session,
    cluster: Cluster,
    api: ClusterApi,
    names: Sequence[str],
    live: Live | None = None,
    rule: Callable[[Seen], Way] = way,
) -> Judgement:
    """How each machine may be taken out of its cluster; looked at again while that can't be told.

    :param live: a look that was taken already.
    :param rule: ``way``, or ``way_anew``.
    :raises CskError: where the API doesn't answer: that says nothing of the nodes.
    """
    watch, end = _Watch(session, cluster, api), time.monotonic() + LOOK_SECONDS
    live = live or watch.look()
    ways: dict[str, Way] = {}
    said = False
    while time.monotonic() <= end:
        if live.observed.reachable:
            ways = {name: rule(watch.seen(name, live)) for name in names}
            undecided = [name for name, one in ways.items() if one == "wait"]
            if not undecided:
                break
            if not said:
                session.say(f"waiting: whether the API hears the kubelets of {', '.join(undecided)}")
                said = True
        time.sleep(ROUND_SECONDS)
        live = watch.look()
    if not live.observed.reachable:
        text = "which nodes live is known before one is emptied."
        raise CskError(Problem(f"API of {cluster.name}", "doesn't answer.", text, "run the playbook again."))
    ways = {name: _in_doubt(name, one, live) for name, one in ways.items()}
    refused = {name: one for name, one in ways.items() if one in ("alive", "unfenced")}
    problems = {name: refusal(name, one, live.observed.nodes.get(name)) for name, one in refused.items()}
    return Judgement(live, {name: one for name, one in ways.items() if name not in refused}, problems)


def _in_doubt(name: str, found: Way, live: Live) -> Way:
    """What counts where a node was neither heard nor lost in all the time: it may live."""
    if found != "wait":
        return found
    return "evict" if name in live.machines and live.machines[name].status == "running" else "alive"


def take_out(session: Session, api: ClusterApi, name: str) -> None:
    """Remove a Node by force, with its pods, and free its volumes. Its machine is off: call ``Fleet.stop`` before.

    :raises CskError: where a volume isn't detached in time; the Node stays, for else its volumes would wait for it.
    """
    if api.has_node(name):
        api.cordon(name)
        if api.has_volumes(name):
            api.put_out_of_service(name)
        api.force_pods(name)
        left = wait(partial(attached, api, name), DETACH_SECONDS, session.say)
        if left:
            what = f"its volumes aren't detached after {DETACH_SECONDS} s: {'; '.join(left)}."
            rule = "a volume is detached before it is attached elsewhere."
            fix = "look at the VolumeAttachments and at their driver, then run the playbook again."
            raise CskError(Problem(f"node {name}", what, rule, fix))
    else:
        api.force_pods(name)
    api.delete_node(name)


def attached(api: ClusterApi, name: str) -> list[str]:
    """The volumes that are attached to a Node, in words."""
    return [f"the volume {volume} is attached to {name}" for volume in api.attachments(name)]
