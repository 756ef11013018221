# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes workers out of a cluster: cordon, drain, stop, Node, machine, record. A killed removal is finished."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from ..context.fencing import Judgement, attached, judge, take_out
from ..context.session import Session
from ..context.waiting import wait
from ..core.draining import Drain, Obstacle
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine
from ..core.observed import Live
from ..kube.cluster_api import ClusterApi
from ..kube.drain import drain, drain_rest, evictable, why_here

UNMOUNT_SECONDS = 30  # for which the kubelet of an emptied worker gets to give its volumes back
_RULE = "a worker that goes is emptied first, by evictions that PodDisruptionBudgets allow."


def remove_workers(
    session: Session, cluster: Cluster, going: Sequence[Machine], how: Drain, live: Live
) -> tuple[list[str], list[Problem]]:
    """Remove workers, in the order given.

    A worker that can't be emptied stays, uncordoned if csk cordoned it, and so does everyone after it. One that was
    stopped and can't be removed is finished by the next run.

    :param how: how workers are emptied; one whose pods no kubelet would end is stopped, then they go by force.
    :returns: what was done, in sentences, and what kept workers from going.
    """
    names = [machine.name for machine in going]
    with session.api(cluster, timeout=15) as api:
        found = judge(session, cluster, api, names, live)
        session.ledger.set_machine_status(cluster.name, names, "leaving")
        done, problems = _empty(session, api, names, how, found)
        first = next((index for index, name in enumerate(names) if name in problems), len(names))
        left, stopped = list(names), False
        for number, name in enumerate(names[:first], 1):
            started = time.monotonic()
            wrong, stopped = _remove(session, cluster, api, name, how, found)
            if wrong:
                problems[name] = wrong
                break
            left.remove(name)
            emptied = found.ways[name] == "evict"
            done.append(f"{name}: removed{'' if emptied else ' by force; its machine is off'}.")
            session.say(f"[{number}/{first}] {name} is removed, {time.monotonic() - started:.1f} s")
        staying = left[1:] if stopped and left[0] in problems else left
        for name in staying:
            if name in found.live.observed.nodes and is_ours(name, found.live):
                api.uncordon(name)
    session.ledger.set_machine_status(cluster.name, staying, "ready")
    return done, [one for several in problems.values() for one in several]


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


def _empty(
    session: Session, api: ClusterApi, names: Sequence[str], how: Drain, found: Judgement
) -> tuple[list[str], dict[str, list[Problem]]]:
    """Cordon all of them, so that no pod moves from one to the next; then evict.

    :returns: what came back meanwhile, in sentences; by the worker's name, what keeps it.
    """
    for name in names:
        if name in found.live.observed.nodes and is_ours(name, found.live):
            api.cordon(name)
    obstacles, came = drain(api, [name for name in names if found.ways.get(name) == "evict"], how, session.say)
    for one in came:
        session.say(str(one))
    problems = {name: [problem] for name, problem in found.problems.items()}
    for obstacle in obstacles:
        problems.setdefault(obstacle.node, []).append(_problem(obstacle, found.live))
    return [str(one) for one in came], problems


def _remove(
    session: Session, cluster: Cluster, api: ClusterApi, name: str, how: Drain, found: Judgement
) -> tuple[list[Problem], bool]:
    """Remove one worker that is empty, or dead.

    :returns: what keeps it; whether it can't be given back, for its machine is stopped, or nearly.
    """
    fleet = session.fleet(cluster)
    if found.ways[name] == "evict":
        rest = drain_rest(api, name, how, session.say)
        if rest:
            return [_problem(one, found.live) for one in rest], False
        wait(partial(attached, api, name), UNMOUNT_SECONDS, session.say)
        if not fleet.stops(name):
            held = _held(api, name)
            if held:
                return held, False
            api.delete_node(name)
    if fleet.stops(name) or found.ways[name] == "force":
        try:
            fleet.stop([name])
            take_out(session, api, name)
        except CskError as error:
            return error.problems, True
    fleet.delete([name])
    session.ledger.delete_machines(cluster.name, [name])
    return [], False


def _held(api: ClusterApi, name: str) -> list[Problem]:
    """What would go by force with the Node of a machine that may run on."""
    fix = f"delete these pods, or switch the machine off and say so: csk_forget: [{name}]."
    rule = "nothing of a machine is removed by force while it may still run."
    pods = [pod for pod in api.pods_on(name) if evictable(pod)]
    found = [f"pod {pod.metadata.namespace}/{pod.metadata.name} is on it: {why_here(pod)}" for pod in pods]
    found += attached(api, name)
    return [Problem(f"node {name}", f"{one}; its provider can't stop it for certain.", rule, fix) for one in found]


def _problem(one: Obstacle, live: Live) -> Problem:
    fix = one.fix
    if not live.observed.nodes[one.node].ready:  # its kubelet lives, and may never end a pod again
        fix += f" Or let it go as it is: csk_forget: [{one.node}]."
    return Problem(f"node {one.node}", f"can't be emptied: pod {one.pod}: {one.why}.", _RULE, fix)


def is_ours(name: str, live: Live) -> bool:
    """Whether a Node's cordon is csk's, of this run or of one that was killed, and not somebody's."""
    node = live.observed.nodes[name]
    return not node.unschedulable or node.cordoned_by_csk
