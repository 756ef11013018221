# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_cluster: a cluster's record, network, CAs and masters; its end states."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..context.session import Session
from ..control_planes.stacked import certificates
from ..control_planes.stacked.endpoint import api_address
from ..control_planes.stacked.make import lost_masters
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, masters_of
from ..core.names import ADDONS
from ..core.observed import Live
from ..rules import plan, spec
from ..rules.settings import changed_settings
from ..stacks import flannel
from . import argspec, checks, providers, whole
from .hosts import host
from .info import after_create, cluster_info
from .lifecycle import make_ready, remove, write_kubeconfig
from .reconcile import machines
from .recording import record_cluster
from .refusing import refuse_unfinished
from .results import cluster_result, diff
from .steps import Task


def bring(task: Task) -> dict[str, Any]:
    """Bring the cluster to the state that is asked for."""
    session, values = task.session, task.values
    wrong = spec.name_problems(values["name"], "csk_cluster.name", spec.CLUSTER_NAME_LENGTH)
    if wrong:
        raise CskError(wrong)
    if values["state"] == "absent":
        changes = remove(session, values["name"], values["confirm"], task.check)
        return {"changed": bool(changes), "changes": changes, "machines": []}
    if values["state"] == "ready":
        return _ready(task)
    if task.check:
        return _forecast(session, values)
    return _present(session, values)


def recorded_settings(values: dict[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of csk_cluster's options, those of the providers that they name among them."""
    known, _problems = argspec.cluster_settings(providers.of_task(values))
    return {key: values[key] for key in known if key not in ("name", "version")}


def _own(values: dict[str, Any]) -> list[str]:
    """Where the options of the providers stand that the task names."""
    return providers.keys(providers.of_task(values).values())


def _forecast(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    """What would be done."""
    name = values["name"]
    recorded = session.ledger.cluster(name)
    version, anew = _check(session, values, recorded)
    if recorded and anew:
        after = recorded_settings(values)
        changes = plan.begin_anew_sentences(recorded, anew)
        changes += plan.create_sentences(name, version, values["masters"], values["zones"])
    elif recorded:
        changed = changed_settings(recorded, values, _own(values))
        after = recorded.spec | {key: values[key] for key in changed}
        changes = [f"cluster {name}: change {', '.join(changed)}."] if changed else []
        masters = masters_of(session.ledger.machines(name))
        changes += plan.cluster_sentences(recorded, masters, {}, session.live(recorded, masters))
        changes += checks.certificate_sentences(session, recorded, masters, values["endpoint_sans"])[0]
    else:
        after = recorded_settings(values)
        changes = plan.create_sentences(name, version, values["masters"], values["zones"])
    shown = diff(recorded and recorded.spec, after, name) if changes else {}
    return {"changed": bool(changes), "changes": changes, "machines": [], "diff": shown}


def _present(session: Session, values: dict[str, Any]) -> dict[str, Any]:
    name = values["name"]
    session.lock(name)  # before anything is read, so that it stays true
    recorded = session.ledger.cluster(name)
    version, anew = _check(session, values, recorded)
    changes = []
    if recorded and anew:
        with session.step(name, "removal of what was begun"):
            session.fleet(recorded).delete_all()
            session.ledger.delete_cluster(name)
            session.look_again()
        changes += plan.begin_anew_sentences(recorded, anew)
        recorded = None
    if not recorded:
        changes += plan.create_sentences(name, version, values["masters"], values["zones"])
    with session.step(name, "masters' machines"):
        cluster = record_cluster(session, name, version, recorded_settings(values), values["pool_providers"])
        changed = changed_settings(cluster, values, _own(values))
        if changed:
            session.ledger.set_spec(name, cluster.spec | {key: values[key] for key in changed})
            changes.append(f"cluster {name}: changed {', '.join(changed)}.")
        masters = masters_of(session.ledger.machines(name))
        live = session.live(cluster, masters)
        hosts, done = machines(session, cluster, masters, live)
        changes += done
        more, done = _certificate_hosts(session, cluster, masters, hosts, values["endpoint_sans"])
        hosts, changes = hosts + more, changes + done
        missing = plan.addons_missing(live.observed) if cluster.status == "ready" else list(ADDONS)
        if cluster.status == "ready" and {"coredns", "kube-proxy"} & set(missing):
            hosts += _addon_host(session, cluster, masters, live, hosts)
    after = session.cluster(name)
    return {
        "changed": bool(changes),
        "changes": changes,
        "cluster": cluster_result(after),
        "machines": hosts,
        "addons_missing": missing,
        "nodes_to_forget": _nodes_to_forget(session, after),
        "kubeconfig": str(write_kubeconfig(session, cluster)),
        "api_address": api_address(masters, live),
        "flannel_image": flannel.image(session.release(version)),
        "diff": diff(recorded and recorded.spec, after.spec, name) if changes else {},
    }


def _certificate_hosts(
    session: Session, cluster: Cluster, masters: list[Machine], hosts: list[dict[str, Any]], sans: list[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The masters that have nothing else to do than to get another certificate, and the same in sentences."""
    if cluster.status != "ready":
        return [], []
    busy = {entry["variables"]["csk_node"] for entry in hosts}
    free = [master for master in masters if master.name not in busy]
    old = certificates.outdated(cluster, free, certificates.shown(free), sans)
    entries = [host(session, cluster, m, masters, "certificates") for m in old]
    return entries, [f"{m.name}: renew the API server's certificate." for m in old]


def _addon_host(
    session: Session, cluster: Cluster, masters: list[Machine], live: Live, hosts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A healthy master that has nothing else to do, where kubeadm puts its add-ons back."""
    busy = {entry["variables"]["csk_node"] for entry in hosts}
    for master in masters:
        node = live.observed.nodes.get(master.name)
        if node and node.ready and master.name not in busy:
            return [host(session, cluster, master, masters, "addons")]
    return []


def _check(session: Session, values: dict[str, Any], recorded: Cluster | None) -> tuple[str, str]:
    """Refuse what breaks a rule; the exact version, and what makes a cluster begin anew that was never ready."""
    problems = spec.cluster_problems(values, session.quotas.nodes)
    wrong = providers.option_problems(values, providers.of_task(values).values())
    problems += wrong
    if not values.get("version"):
        rule = "a cluster has a version: a minor, or an exact one."
        problems.append(Problem("csk_cluster.version", "is missing.", rule, 'write, for example, version: "1.36".'))
        raise CskError(problems)
    names = list(providers.of_task(values).values())
    anew = checks.begun_anew(session, recorded, values, names) if recorded and not wrong else ""
    version, found, _warnings = checks.version_for(session, None if anew else recorded, values["version"])
    problems += found
    if recorded and not anew:
        lost = recorded.upgrade_to and lost_masters(session, recorded, session.live(recorded))
        refuse_unfinished(recorded, bool(lost))
        problems += checks.fixed_problems(recorded, values, names)
    elif version and not wrong:
        fleet = session.planned_fleet(values, values["pool_providers"])
        problems += [] if recorded else checks.quota_problems(session)
        problems += fleet.check(version, {values["provider"]: values["masters"]})
        problems += checks.network_problems(session, values, fleet.networks(), recorded)
    if problems:
        raise CskError(problems)
    return version, anew


def _ready(task: Task) -> dict[str, Any]:
    session, values = task.session, task.values
    if not task.check:
        session.lock(values["name"])
    cluster = session.cluster(values["name"])
    lost = cluster.upgrade_to and lost_masters(session, cluster, session.live(cluster))
    refuse_unfinished(cluster, bool(lost))  # one that joined a moment ago counts as lost until now
    if task.check:
        return {"changed": False, "changes": [], "cluster": cluster_result(cluster), "machines": []}
    with session.step(cluster.name, "waiting until all is ready"):
        changes, lacking = make_ready(session, cluster, values["timeout"], _awaited(values))
        path = write_kubeconfig(session, cluster)
    session.unlock(cluster.name)
    since = whole.began(task)
    steps = session.steps(cluster.name, since)
    info = cluster_info(session, session.cluster(cluster.name))
    for line in after_create(info, steps, time.time() - since):
        session.say(line)
    if lacking:
        raise CskError(_lacking_problems(lacking, values["timeout"]), {"changes": changes})
    return {
        "changed": bool(changes),
        "changes": changes,
        "cluster": cluster_result(session.cluster(cluster.name)),
        "machines": [],
        "kubeconfig": str(path),
        "steps": [{"title": title, "seconds": round(seconds, 1)} for title, seconds in steps],
    }


def _awaited(values: dict[str, Any]) -> Callable[[Machine], bool]:
    """Which workers are waited for."""
    pools, failed = values["pools"], values["failed"]
    return lambda machine: machine.name not in failed and (pools is None or machine.pool in pools)


def _lacking_problems(workers: list[Machine], timeout: int) -> list[Problem]:
    """The workers that didn't come, by their pools."""
    rule = "a worker is Ready, so that pods can go to it; the cluster and its other workers are finished."
    fix = (
        "look at the kubelet's journal there; mend the pool in the file and run create again: until one of its workers"
    )
    fix += " was Ready, nothing of a pool is immutable."
    names = {pool: [m.name for m in workers if m.pool == pool] for pool in dict.fromkeys(m.pool for m in workers)}
    return [
        Problem(f"pool {pool}", f"{', '.join(mine)}: not Ready after {timeout} s.", rule, fix)
        for pool, mine in names.items()
    ]


def _nodes_to_forget(session: Session, cluster: Cluster) -> list[str]:
    """The workers that a restoration makes anew: the snapshot has a Node of each, which isn't theirs."""
    if not cluster.restore_from:
        return []
    return [m.name for m in session.ledger.machines(cluster.name) if m.role == "worker" and m.status == "new"]
