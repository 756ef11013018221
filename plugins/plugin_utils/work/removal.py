# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes workers out of a cluster: cordon, drain, the Node, the machine, the record. A killed removal is finished."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from ..context.session import Session
from ..core.draining import Drain, Obstacle
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine
from ..core.observed import Live
from ..kube.cluster_api import ClusterApi
from ..kube.drain import drain

DEATH_SECONDS = 20  # for which a node on a running machine has to be silent to count as dead
ROUND_SECONDS = 1
_RULE = "a worker that goes is emptied first, by evictions that PodDisruptionBudgets allow."


def remove_workers(
    session: Session, cluster: Cluster, going: Sequence[Machine], how: Drain, live: Live
) -> tuple[list[str], list[Problem]]:
    """Remove workers, in the order given.

    A worker that can't be emptied stays, uncordoned if csk cordoned it, and so does everyone after it.

    :param how: how workers that answer are emptied; those that don't are removed without contacting them.
    :returns: what was done, in sentences, and what kept workers from going.
    """
    names = [machine.name for machine in going]
    with session.api(cluster, timeout=15) as api:
        live = settled(session, cluster, api, names, live)
        session.ledger.set_machine_status(cluster.name, names, "leaving")
        dead = [name for name in names if not answers(name, live)]
        obstacles = _empty(session, api, [name for name in names if name not in dead], how, live)
        blocked = {obstacle.node for obstacle in obstacles}
        first = next((index for index, name in enumerate(names) if name in blocked), len(names))
        done = []
        for number, name in enumerate(names[:first], 1):
            started = time.monotonic()
            if name in dead:
                api.delete_pods(name)  # nobody there would end them
            api.delete_node(name)
            session.fleet(cluster).delete([name])
            session.ledger.delete_machines(cluster.name, [name])
            done.append(f"{name}: removed{', without contacting it' if name in dead else ''}.")
            session.say(f"[{number}/{first}] {name} is removed, {time.monotonic() - started:.1f} s")
        for name in names[first:]:
            if name in live.observed.nodes and is_ours(name, live):
                api.uncordon(name)
    session.ledger.set_machine_status(cluster.name, names[first:], "ready")
    return done, [
        Problem(f"node {o.node}", f"can't be emptied: pod {o.pod}: {o.why}.", _RULE, o.fix) for o in obstacles
    ]


def drop_unused(session: Session, cluster: Cluster, going: Sequence[Machine]) -> list[str]:
    """Remove workers that never were Ready, so that nothing is on them; what was done, in sentences."""
    names = [machine.name for machine in going]
    if not names:
        return []
    with suppress(CskError, LookupError), session.api(cluster) as api:  # one that doesn't answer has no Nodes to lose
        for name in names:
            api.delete_node(name)
    session.fleet(cluster).delete(names)
    session.ledger.delete_machines(cluster.name, names)
    return [f"{name}: removed; it never was Ready." for name in names]


def _empty(session: Session, api: ClusterApi, names: Sequence[str], how: Drain, live: Live) -> list[Obstacle]:
    """Cordon all of them, so that no pod moves from one to the next; then evict."""
    for name in names:
        if is_ours(name, live):
            api.cordon(name)
    return drain(api, names, how, session.say) if names else []


def settled(
    session: Session, cluster: Cluster, api: ClusterApi, names: Sequence[str], live: Live | None = None
) -> Live:
    """What is there, looked at again while a node is silent that may only be slow: one slow answer is no death.

    :param live: a look that was taken already.
    :raises CskError: where the API doesn't answer: that says nothing of the nodes.
    """

    def look() -> Live:
        return Live(session.fleet(cluster).states(), api.observe())

    end = time.monotonic() + DEATH_SECONDS
    live = live or look()
    while time.monotonic() <= end and (not live.observed.reachable or any(_silent(name, live) for name in names)):
        time.sleep(ROUND_SECONDS)
        live = look()
    if not live.observed.reachable:
        rule = "which nodes live is known before one is emptied."
        raise CskError(Problem(f"API of {cluster.name}", "doesn't answer.", rule, "run the playbook again."))
    return live


def _silent(name: str, live: Live) -> bool:
    return _runs(name, live) and name in live.observed.nodes and not answers(name, live)


def _runs(name: str, live: Live) -> bool:
    return name in live.machines and live.machines[name].status == "running"


def answers(name: str, live: Live) -> bool:
    """Whether a worker's machine runs and its Node is Ready."""
    node = live.observed.nodes.get(name)
    return _runs(name, live) and node is not None and node.ready and node.kubelet


def is_ours(name: str, live: Live) -> bool:
    """Whether a Node's cordon is csk's, of this run or of one that was killed, and not somebody's."""
    node = live.observed.nodes[name]
    return not node.unschedulable or node.cordoned_by_csk
