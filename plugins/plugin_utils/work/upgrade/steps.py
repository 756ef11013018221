# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_upgrade: the steps of an upgrade, by the module's states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...context.session import Session
from ...control_planes.stacked.renew import begin_renewal, take_turn
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine, masters_of
from ...render.kubeadm import members
from ...stacks import flannel
from ..hosts import host
from ..refusing import refuse_unfinished
from ..results import cluster_result
from ..steps import Task
from . import ending, nodes, places
from .planning import make_plan, show


def take(task: Task) -> dict[str, Any]:
    """Take one step."""
    session, values = task.session, task.values
    if not task.check:
        # The nodes of a batch are waited for at the same time; each of those tasks writes of its own node alone.
        session.lock(values["name"], alone=values["state"] != "well")
    cluster = session.cluster(values["name"])
    result: dict[str, Any] = {"changes": [], "machines": [], "cluster": cluster_result(cluster)}
    if values["state"] == "started":
        result |= _started(task, cluster)
    elif values["state"] == "renewing":
        refuse_unfinished(cluster)
        masters, result["changes"] = begin_renewal(session, cluster)
        result["etcd_members"] = members(masters_of(session.ledger.machines(cluster.name)))
        result["machines"] = [host(session, cluster, master, masters, "master") for master in masters]
    elif not task.check:
        result |= _STEPS[values["state"]](session, cluster, values)
    return result | {"changed": bool(result["changes"])}


def _started(task: Task, cluster: Cluster) -> dict[str, Any]:
    session, values = task.session, task.values
    if not values["to"]:
        rule = "an upgrade goes to a version: a minor, or an exact one."
        raise CskError(Problem("csk_upgrade_to", "isn't there.", rule, "give it by -e csk_upgrade_to=1.37."))
    plan = make_plan(session, cluster, values["to"], values["options"])
    changes = show(plan, cluster.name, task.say, task.warn)
    if not task.check:
        if plan.nothing_to_do and not cluster.upgrade_to:
            session.unlock(cluster.name)
        elif not plan.nothing_to_do:
            session.ledger.set_upgrade(cluster.name, plan.target)
    machines = {machine.name: machine for machine in session.ledger.machines(cluster.name)}
    masters = masters_of(machines.values())
    rest = bool(plan.masters) or cluster.version != plan.target
    steps = dict.fromkeys(plan.masters, "master")
    steps |= {name: "worker" for batch in plan.batches for name in batch}
    steps |= {name: "replace" for batch in plan.replaced for name in batch}
    tidied = [m for m in machines.values() if steps.get(m.name) != "replace" and m.name not in plan.left_out]
    finish = cluster.upgrade_to is not None or not plan.nothing_to_do
    # The groups of a run's second upgrade are others than those of its first.
    second = "" if values["stop"] == 1 else "_2"
    hosts = [host(session, cluster, machines[name], masters, step + second) for name, step in steps.items()]
    return {
        "changes": changes,
        "target": plan.target,
        "first": plan.masters[0] if plan.snapshot else "",
        "snapshot_from": plan.snapshot_from,
        "left_out": list(plan.left_out),
        "batches": [len(batch) for batch in plan.batches],
        "replaced": [len(batch) for batch in plan.replaced],
        "stops": values["stop"] + (0 if task.check else len(plan.then)),
        "finish": finish,
        "etcd_members": members(masters),
        "flannel_image": flannel.image(session.release(plan.target)),
        "kubeconfig": str(session.folder(cluster.name) / "kubeconfig"),
        "machines": hosts,
        "addons": [host(session, cluster, masters[0], masters, f"addons{second}")] if rest else [],
        "tidy": [host(session, cluster, m, masters, f"tidy{second}") for m in tidied] if finish else [],
    }


def _prepared(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    with session.step(cluster.name, "artifacts of the target to the nodes"):
        fleet = session.fleet(cluster)
        folders = fleet.deliver(values["nodes"], _target(cluster))
    return {"artifacts": folders, "at_once": fleet.at_once(values["nodes"])}


def _emptied(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    batch = [_machine(session, cluster, name) for name in values["nodes"]]
    return {"changes": nodes.empty(session, cluster, batch, values["options"]["accept"])}


def _turn(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    take_turn(session, cluster, _machine(session, cluster, values["node"]))
    return {}


def _well(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    version = cluster.upgrade_to or cluster.version
    return {"changes": nodes.confirm(session, cluster, _machine(session, cluster, values["node"]), version)}


def _surged(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    heirs, hosts, done = places.surge(session, cluster, values["nodes"])
    return {"changes": done, "machines": hosts, "heirs": heirs}


def _retired(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    with session.step(cluster.name, f"removal of {', '.join(values['nodes'])}"):
        return {"changes": places.retire(session, cluster, values["nodes"], values["options"]["accept"])}


def _given_back(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    machine = _machine(session, cluster, values["node"])
    nodes.give_back(session, cluster, machine, values["step"], values["cause"], values["outcome"])
    return {}


def _masters(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    del values
    return {"changes": ending.masters_done(session, cluster, _target(cluster))}


def _finished(session: Session, cluster: Cluster, values: dict[str, Any]) -> dict[str, Any]:
    with session.step(cluster.name, "waiting until nodes and add-ons are well"):
        return {"changes": ending.finish(session, cluster, values["timeout"])}


def _target(cluster: Cluster) -> str:
    if cluster.upgrade_to is None:
        rule = "these steps belong to an upgrade that state started began."
        raise CskError(Problem("csk_upgrade", "no upgrade is under way.", rule, "run the playbook from its start."))
    return cluster.upgrade_to


def _machine(session: Session, cluster: Cluster, name: str | None) -> Machine:
    machines = {machine.name: machine for machine in session.ledger.machines(cluster.name)}
    if name not in machines:
        rule = "a node is one of the cluster's machines."
        what, fix = f"{name!r} isn't known.", f"use one of {', '.join(machines)}."
        raise CskError(Problem("csk_upgrade.node", what, rule, fix))
    return machines[name]


_STEPS: dict[str, Callable[[Session, Cluster, dict[str, Any]], dict[str, Any]]] = {
    "prepared": _prepared,
    "emptied": _emptied,
    "turn": _turn,
    "well": _well,
    "surged": _surged,
    "retired": _retired,
    "locked": lambda *_: {},
    "given_back": _given_back,
    "masters": _masters,
    "finished": _finished,
}
