# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying nodes by the Eviction API, which respects PodDisruptionBudgets; by the rules of ``kubectl drain``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..core.draining import Drain, Obstacle
from .answers import refusal

if TYPE_CHECKING:
    from .node_api import NodeApi

MIRROR = "kubernetes.io/config.mirror"
AT_ONCE = 16  # evictions
ROUND_SECONDS = 0.5  # between two looks at what is left


def evictable(pod: Any) -> bool:
    """Whether a pod has to go: not one that belongs to its node (DaemonSet, static pod)."""
    owners = pod.metadata.owner_references or []
    return MIRROR not in (pod.metadata.annotations or {}) and not any(
        owner.controller and owner.kind == "DaemonSet" for owner in owners
    )


def obstacle(node: str, pod: Any, how: Drain) -> Obstacle | None:
    """Why a pod may not be evicted before anything is tried, if so."""
    name = _name(pod)
    if pod.status.phase in ("Succeeded", "Failed"):
        return None
    if not any(owner.controller for owner in pod.metadata.owner_references or []) and not how.force:
        return Obstacle(node, name, "no controller would make it again", "delete it, or set drain.force.")
    if any(volume.empty_dir is not None for volume in pod.spec.volumes or []) and not how.delete_emptydir_data:
        why = "its emptyDir volume would be lost"
        return Obstacle(node, name, why, "move its data, or set drain.delete_emptydir_data.")
    return None


def drain(api: NodeApi, nodes: Sequence[str], how: Drain, say: Callable[[str], None]) -> list[Obstacle]:
    """Evict all pods of cordoned nodes at once, and wait until they are gone.

    A node with an obstacle that is seen beforehand isn't touched.

    :returns: what kept nodes from being empty; a node that isn't named there is empty.
    """
    found: list[Obstacle] = []
    waiting: set[str] = set()
    for node in nodes:
        pods = [pod for pod in api.pods_on(node) if evictable(pod)]
        refused = [o for pod in pods if (o := obstacle(node, pod, how))]
        found += refused
        if not refused:
            waiting.add(node)
    end = time.monotonic() + how.timeout
    evicted: set[str] = set()
    last = -1
    while True:
        left = {node: [pod for pod in api.pods_on(node) if evictable(pod)] for node in sorted(waiting)}
        asked = [(node, pod) for node, pods in left.items() for pod in pods if pod.metadata.uid not in evicted]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            refused = list(pool.map(lambda item: _evict(api, *item, how), asked))
        evicted |= {pod.metadata.uid for (_node, pod), no in zip(asked, refused, strict=True) if no is None}
        count = sum(len(pods) for pods in left.values())
        if count != last and waiting:
            say(f"drain {', '.join(sorted(waiting))}: {count} pods left")
            last = count
        if not count:
            return found
        if time.monotonic() > end:
            return found + [no for no in refused if no] + _ending(left, evicted, how)
        time.sleep(ROUND_SECONDS)


def _evict(api: NodeApi, node: str, pod: Any, how: Drain) -> Obstacle | None:
    """Ask for a pod's eviction; what refused it, if something did."""
    error = api.evict(pod, how.grace_period)
    if error is None or error.status == HTTPStatus.NOT_FOUND:
        return None
    fix = "let the budget allow it (more replicas, or a smaller budget), then run the playbook again."
    return Obstacle(node, _name(pod), refusal(error.body) or str(error.reason), fix)


def _ending(left: dict[str, list[Any]], evicted: set[str], how: Drain) -> list[Obstacle]:
    why = f"it was evicted, and hasn't ended within {how.timeout} s"
    fix = "see why it doesn't end, or raise drain.timeout; then run the playbook again."
    return [
        Obstacle(node, _name(pod), why, fix)
        for node, pods in left.items()
        for pod in pods
        if pod.metadata.uid in evicted
    ]


def _name(pod: Any) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
