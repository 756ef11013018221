# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying nodes by the Eviction API, which respects PodDisruptionBudgets; by the rules of ``kubectl drain``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..core.draining import Drain, Obstacle, Returned
from .answers import refusal

if TYPE_CHECKING:
    from .node_api import NodeApi

MIRROR = "kubernetes.io/config.mirror"
CORDON = "node.kubernetes.io/unschedulable"  # the taint of a cordoned node
ENDED = ("Succeeded", "Failed")
AT_ONCE = 16  # evictions
ROUND_SECONDS = 0.5  # between two looks at what is left
RETURN_SECONDS = 2  # after which a pod is back that tolerates the cordon: its controller and the scheduler are quick
Wanted = dict[str, dict[str, Any]]  # node -> uid -> pod


def evictable(pod: Any) -> bool:
    """Whether a pod has to go: not one that belongs to its node (DaemonSet, static pod)."""
    owners = pod.metadata.owner_references or []
    return MIRROR not in (pod.metadata.annotations or {}) and not any(
        owner.controller and owner.kind == "DaemonSet" for owner in owners
    )


def obstacle(node: str, pod: Any, how: Drain) -> Obstacle | None:
    """Why a pod may not be evicted before anything is tried, if so."""
    name = _name(pod)
    if pod.status.phase in ENDED:
        return None
    if not any(owner.controller for owner in pod.metadata.owner_references or []) and not how.force:
        return Obstacle(node, name, "no controller would make it again", "delete it, or set drain.force.")
    if any(volume.empty_dir is not None for volume in pod.spec.volumes or []) and not how.delete_emptydir_data:
        why = "its emptyDir volume would be lost"
        return Obstacle(node, name, why, "move its data, or set drain.delete_emptydir_data.")
    return None


def drain(
    api: NodeApi, nodes: Sequence[str], how: Drain, say: Callable[[str], None]
) -> tuple[list[Obstacle], list[Returned]]:
    """Evict all pods of cordoned nodes at once, and wait until they are gone.

    As with ``kubectl drain``, what is there now has to go. A pod that comes meanwhile has no end: what tolerates the
    cordon would come again and again.

    A node with an obstacle that is seen beforehand isn't touched.

    :returns: what kept nodes from being empty; and what came to the others meanwhile.
    """
    found, wanted = _wanted(api, nodes, how)
    found += _evict_all(api, wanted, how, say)
    kept = {one.node for one in found}
    if any(tolerates_cordon(pod) for pods in wanted.values() for pod in pods.values()):
        time.sleep(RETURN_SECONDS)
    came = [
        Returned(node, _name(pod), why_here(pod))
        for node, pods in wanted.items()
        if node not in kept
        for pod in api.pods_on(node)
        if evictable(pod) and pod.metadata.uid not in pods and pod.status.phase not in ENDED
    ]
    return found, came


def drain_rest(api: NodeApi, node: str, how: Drain, say: Callable[[str], None]) -> list[Obstacle]:
    """Evict what came to a drained node, right before its machine is stopped, so that budgets hold for that as well.

    It isn't waited for a pod that tolerates the cordon: once it has ended, the next one is there.

    :returns: what may not be evicted.
    """
    found, wanted = _wanted(api, [node], how)
    return found or (_evict_all(api, wanted, how, say, tolerates_cordon) if any(wanted.values()) else [])


def tolerates_cordon(pod: Any) -> bool:
    """Whether the scheduler may put a pod like this one onto a cordoned node."""
    return _toleration(pod) is not None


def _toleration(pod: Any) -> Any | None:
    for one in pod.spec.tolerations or []:
        exists = one.operator == "Exists"
        key = one.key == CORDON or (not one.key and exists)
        if key and (exists or not one.value) and one.effect in (None, "", "NoSchedule"):
            return one
    return None


def why_here(pod: Any) -> str:
    """Why a pod came to a cordoned node, and who made it."""
    owner = next((owner for owner in pod.metadata.owner_references or [] if owner.controller), None)
    made = f"{owner.kind} {owner.name} made it" if owner else "no controller made it"
    one = _toleration(pod)
    if one is None:
        return f"{made}, and it was put there at the moment of the cordon, or past the scheduler"
    of = f"{one.key}:{one.effect or 'every effect'}" if one.key else "everything"
    return f"{made}, and it tolerates {of}, so also that its node is cordoned"


def _wanted(api: NodeApi, nodes: Sequence[str], how: Drain) -> tuple[list[Obstacle], Wanted]:
    """What keeps nodes from being emptied, and the pods of the others."""
    found: list[Obstacle] = []
    wanted: Wanted = {}
    for node in nodes:
        pods = [pod for pod in api.pods_on(node) if evictable(pod)]
        refused = [one for pod in pods if (one := obstacle(node, pod, how))]
        found += refused
        if not refused:
            wanted[node] = {pod.metadata.uid: pod for pod in pods}
    return found, wanted


def _evict_all(
    api: NodeApi,
    wanted: Wanted,
    how: Drain,
    say: Callable[[str], None],
    enough: Callable[[Any], bool] = lambda _pod: False,
) -> list[Obstacle]:
    """Evict pods, and wait until they are gone.

    :param enough: whether it isn't waited for a pod whose eviction was granted.
    :returns: what was still there after the time.
    """
    end = time.monotonic() + how.timeout
    evicted: set[str] = set()
    last = -1
    while True:
        left = {
            node: [pod for pod in api.pods_on(node) if pod.metadata.uid in pods]
            for node, pods in sorted(wanted.items())
        }
        asked = [(node, pod) for node, pods in left.items() for pod in pods if pod.metadata.uid not in evicted]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            refused = list(pool.map(lambda item: _evict(api, *item, how), asked))
        evicted |= {pod.metadata.uid for (_node, pod), no in zip(asked, refused, strict=True) if no is None}
        waiting = [
            (node, pod)
            for node, pods in left.items()
            for pod in pods
            if pod.metadata.uid not in evicted or not enough(pod)
        ]
        if len(waiting) != last and left:
            say(f"drain {', '.join(left)}: {len(waiting)} pods left")
            last = len(waiting)
        if not waiting:
            return []
        if time.monotonic() > end:
            return [no for no in refused if no] + _ending(waiting, evicted, how)
        time.sleep(ROUND_SECONDS)


def _evict(api: NodeApi, node: str, pod: Any, how: Drain) -> Obstacle | None:
    """Ask for a pod's eviction; what refused it, if something did."""
    error = api.evict(pod, how.grace_period)
    if error is None or error.status == HTTPStatus.NOT_FOUND:
        return None
    fix = "let the budget allow it (more replicas, or a smaller budget), then run the playbook again."
    return Obstacle(node, _name(pod), refusal(error.body) or str(error.reason), fix)


def _ending(left: Sequence[tuple[str, Any]], evicted: set[str], how: Drain) -> list[Obstacle]:
    why = f"it was evicted, and hasn't ended within {how.timeout} s"
    fix = "see why it doesn't end, or raise drain.timeout; then run the playbook again."
    return [Obstacle(node, _name(pod), why, fix) for node, pod in left if pod.metadata.uid in evicted]


def _name(pod: Any) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
