# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels and taints of Nodes, and whether they are schedulable; what others set stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context.session import Session
from ..core.models import Cluster, Machine, Pool
from ..core.names import UNSCHEDULABLE_BY_POOL
from ..core.observed import Observed
from ..kube.cluster_api import ClusterApi
from ..rules import plan


def drop_labels(
    session: Session, cluster: Cluster, mine: Sequence[Machine], before: dict[str, Any] | None, after: dict[str, Any]
) -> list[str]:
    """Take labels and taints off a pool's Nodes that the pool had and no longer wants; what others set stays."""
    labels = {key: None for key in (before or {}).get("labels", {}) if key not in after["labels"]}
    kept = {(taint["key"], taint["effect"]) for taint in after["taints"]}
    taints = {(t["key"], t["effect"]) for t in (before or {}).get("taints", [])} - kept
    if not labels and not taints:
        return []
    done = []
    with session.api(cluster) as api:
        nodes = api.observe().nodes
        for machine in mine:
            node = nodes.get(machine.name)
            if node is None:
                continue
            left = [t for t in node.taints if (t[0], t[2]) not in taints]
            new = [{"key": key, "value": value, "effect": effect} for key, value, effect in left]
            api.patch_node(machine.name, labels, new if taints else None)
            done.append(f"{machine.name}: took off {', '.join([*labels, *(key for key, _effect in sorted(taints))])}.")
    return done


def put_labels(api: ClusterApi, recorded: Sequence[Machine], pools: dict[str, Pool], live: Observed) -> list[str]:
    """Put missing labels and taints back on the Nodes; what others set stays."""
    done = []
    for machine in recorded:
        node = live.nodes.get(machine.name)
        if node is None:
            continue
        pool = pools.get(machine.pool or "")
        labels = plan.label_changes(machine, pool, node)
        taints = plan.taints_wanted(machine, pool, node)
        if labels or taints:
            api.patch_node(machine.name, dict(labels), taints)
            done.append(f"{machine.name}: set {', '.join([*sorted(labels), *(['taints'] if taints else [])])}.")
        unschedulable = plan.unschedulable_wanted(pool, node)
        if unschedulable is not None:
            (api.cordon if unschedulable else api.uncordon)(machine.name, UNSCHEDULABLE_BY_POOL)
            done.append(f"{machine.name}: made {'un' if unschedulable else ''}schedulable.")
    return done
