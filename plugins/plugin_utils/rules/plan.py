# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done to bring a cluster to what its file says: pure functions of what is wanted, recorded and there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import Problem
from ..core.models import Cluster, Machine, Pool
from ..core.names import ADDONS, MASTER_LABEL, MASTER_TAINT
from ..core.observed import Live, NodeState, Observed
from .labels import node_labels
from .scaling import UNUSED, Scaling

if TYPE_CHECKING:
    from ..core.machines import MachineState

MachineStep = Literal["", "create", "start", "replace"]
HostStep = Literal["", "bootstrap", "join", "register", "repair"]
_VERBS = {"create": "make the machine", "start": "start the machine", "": ""}


@dataclass(frozen=True)
class Work:
    """What one machine needs.

    :param machine: what its provider does.
    :param host: what the roles do on it.
    :param why: the same for people.
    """

    name: str
    machine: MachineStep
    host: HostStep
    why: str


def machine_work(
    cluster: Cluster, machine: Machine, state: MachineState | None, observed: Observed, strange: str = ""
) -> Work | None:
    """What a recorded machine needs; None where it is as it should be.

    Until the cluster was ready once, masters repeat the bootstrap, which takes up what is there. After that a master
    without a machine, or one whose joining was never finished, starts over as a new member of etcd.

    :param strange: why a master's etcd isn't the cluster's any more; such a master starts over too.
    """
    if strange:
        return Work(machine.name, "replace", "join", f"{strange}: replace the machine and join it")
    node = observed.nodes.get(machine.name)
    start: MachineStep = "create" if state is None else "" if state.status == "running" else "start"
    if cluster.status == "creating" and not (start == "create" and machine.role == "master" and observed.reachable):
        return _work_while_creating(machine, start, node)
    well = node is not None and node.ready and node.kubelet
    # Once the masters' API answers, etcd has a majority, and a master that lost its data can only join as a new member.
    anew = start == "create" and (machine.status == "ready" or machine.role == "master")
    # kubeadm marks a master at the very end of its join.
    joined = well and (machine.role == "worker" or MASTER_LABEL in node.labels)
    unfinished = machine.status == "new" and not joined
    if anew or (unfinished and machine.role == "master"):
        return Work(machine.name, "replace", "join", "replace the machine and join it")
    if start == "create" or unfinished:
        return Work(machine.name, start, "join", _and(_VERBS[start], "join it"))
    if start:
        return Work(machine.name, start, "", _VERBS[start])
    return _repair(machine, node) if observed.reachable and not well else None


def _repair(machine: Machine, node: NodeState | None) -> Work:
    if node is None:
        return Work(machine.name, "", "register", "the Node is missing: register it anew")
    why = "it isn't Ready" if node.kubelet else "the kubelet doesn't answer"
    return Work(machine.name, "", "repair", f"{why}: restart the kubelet")


def _work_while_creating(machine: Machine, start: MachineStep, node: NodeState | None) -> Work | None:
    if machine.role == "master":
        return Work(machine.name, start, "bootstrap", _and(_VERBS[start], "set up the master"))
    if start or node is None or not node.ready:
        return Work(machine.name, start, "join", _and(_VERBS[start], "join the worker"))
    return None


def label_changes(machine: Machine, pool: Pool | None, node: NodeState) -> dict[str, str]:
    """Labels of csk's and of the pool that are missing or wrong on a Node."""
    wanted = node_labels(machine, pool)
    if machine.role == "master":
        wanted[MASTER_LABEL] = ""
    return {key: value for key, value in wanted.items() if node.labels.get(key) != value}


def taints_wanted(machine: Machine, pool: Pool | None, node: NodeState) -> list[dict[str, str]] | None:
    """All taints that a Node should have, where one of the pool's or the master's is missing; else None."""
    own = [MASTER_TAINT] if machine.role == "master" else list(pool.spec["taints"] if pool else [])
    wanted = [(taint["key"], taint.get("value", ""), taint["effect"]) for taint in own]
    if set(wanted) <= set(node.taints):
        return None
    slots = {(key, effect) for key, _value, effect in wanted}
    kept = [taint for taint in node.taints if (taint[0], taint[2]) not in slots]
    return [{"key": key, "value": value, "effect": effect} for key, value, effect in kept + wanted]


def unschedulable_wanted(pool: Pool | None, node: NodeState) -> bool | None:
    """Whether a Node is to be made unschedulable for its pool, or schedulable again; None: neither."""
    wanted = bool(pool and pool.spec.get("unschedulable"))
    if wanted and not node.unschedulable:
        return True
    return False if not wanted and node.unschedulable_by_pool else None


def addons_missing(observed: Observed) -> list[str]:
    """The add-ons that aren't in the cluster at all; one that is only not yet available is waited for."""
    return [name for name in ADDONS if name not in observed.addons] if observed.reachable else []


def cluster_sentences(
    cluster: Cluster, machines: Sequence[Machine], pools: Mapping[str, Pool], live: Live
) -> list[str]:
    """Everything that a run would do to a recorded cluster, in sentences; none where nothing is to be done."""
    changes = []
    states, observed = live.machines, live.observed
    for machine in machines:
        work = machine_work(cluster, machine, states.get(machine.name), observed, live.strange.get(machine.name, ""))
        if work:
            changes.append(f"{machine.name}: {work.why}.")
        node = observed.nodes.get(machine.name)
        if node and cluster.status == "ready":
            pool = pools.get(machine.pool or "")
            labels = label_changes(machine, pool, node)
            if labels:
                changes.append(f"{machine.name}: set the labels {', '.join(sorted(labels))}.")
            if taints_wanted(machine, pool, node):
                changes.append(f"{machine.name}: set its taints.")
            unschedulable = unschedulable_wanted(pool, node)
            if unschedulable is not None:
                changes.append(f"{machine.name}: make it {'un' if unschedulable else ''}schedulable.")
    if cluster.status == "ready":
        changes += [f"add-on {name}: install it, it is missing." for name in addons_missing(observed)]
        if not observed.reachable and not any(s.status == "stopped" for s in states.values()) and states:
            changes.append("API server: it doesn't answer; wait for it.")
        if observed.reachable and observed.record is None:
            changes.append("record of the cluster: write it.")
    return changes


def create_sentences(name: str, version: str, masters: int, zones: Sequence[str]) -> list[str]:
    """What creating a cluster makes."""
    return [f"cluster {name}: create it with Kubernetes {version}, {masters} masters in {', '.join(zones)}."]


def begin_anew_sentences(cluster: Cluster, changed: str) -> list[str]:
    """What becomes of a cluster whose immutable settings change before it was ever ready."""
    return [f"cluster {cluster.name}: remove what there is of it: {changed} changed, and it never was ready."]


def anew_sentences(machines: Sequence[Machine], changed: str) -> list[str]:
    """What becomes of workers whose pool's immutable settings change before any of them was Ready.

    :param changed: those settings.
    """
    return [f"{machine.name}: remove it ({changed} of its pool changed, and {UNUSED})." for machine in machines]


def pool_sentences(
    pool: dict[str, Any], recorded: Pool | None, scaling: Scaling, unused: Sequence[Machine] = ()
) -> list[str]:
    """What a pool of the file changes: its record, and its workers.

    :param pool: the options of csk_nodepool.
    :param unused: workers that never were Ready: they go without being drained.
    """
    name = pool["name"]
    never = {machine.name for machine in unused}
    if pool["state"] == "absent":
        going = [_removal(machine.name, "the pool is removed", never) for machine in scaling.going]
        return [*going, f"pool {name}: remove it."] if recorded else []
    if recorded is None:
        return [f"pool {name}: create it with {pool['desired_size']} workers."]
    changes = [_removal(d.node, d.why, never) for d in scaling.decisions if d.action == "remove"]
    if scaling.missing:
        changes.append(f"pool {name}: add {scaling.missing} workers.")
    changed = sorted(key for key, value in recorded.spec.items() if key != "desired_size" and value != pool[key])
    if changed:
        changes.append(f"pool {name}: change {', '.join(changed)}.")
    return changes


def _removal(name: str, why: str, never: Collection[str]) -> str:
    return f"{name}: {'remove it' if name in never else 'drain and remove it'} ({why})."


def removal_problems(
    pool: dict[str, Any], scaling: Scaling, where: str, unused: Sequence[Machine] = ()
) -> list[Problem]:
    """Why create refuses a pool whose workers would have to go; those that never were Ready may.

    :param unused: they.
    """
    going = [machine for machine in scaling.going if machine not in unused]
    if not going and (pool["state"] == "present" or scaling.going):
        return []
    names = ", ".join(machine.name for machine in going) or f"the pool {pool['name']}"
    fix = "run the playbook csk.kubernetes.scale with this file, or let the pool keep them."
    rule = "create removes no workers that were Ready, and no pools of them."
    return [Problem(where, f"would remove {names}.", rule, fix)]


def quorum_problem(cluster: Cluster, masters: Sequence[Machine], lost: Sequence[str]) -> Problem | None:
    """Why lost masters can't be replaced, where etcd has no majority left."""
    if len(masters) - len(lost) >= len(masters) // 2 + 1:
        return None
    return Problem(
        f"cluster {cluster.name}",
        f"the masters {', '.join(sorted(lost))} are lost, and the rest is no majority of {len(masters)}.",
        "a master is replaced by the majority of etcd's members.",
        "restore etcd from a snapshot, or delete the cluster and create it anew.",
    )


def _and(first: str, second: str) -> str:
    return f"{first} and {second}" if first else second
