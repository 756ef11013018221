# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's record beside what is really there, and what differs."""

from __future__ import annotations

from datetime import date
from typing import Any

from ..context.session import Session
from ..control_planes.stacked import certificates
from ..core.errors import CskError, Problem
from ..core.models import Cluster, masters_of
from ..rules import plan, upgrade_rules, versions
from ..rules.versions import Minor
from .hosts import host
from .results import cluster_result
from .steps import Task


def read_clusters(task: Task) -> dict[str, Any]:
    """The work of csk_cluster_info: read one cluster, or all of them."""
    session, values = task.session, task.values
    if values["name"]:
        clusters = [cluster_info(session, session.cluster(values["name"]))]
    else:
        clusters = [_info_or_problem(session, cluster) for cluster in session.ledger.clusters()]
    if values["show"]:
        for info in clusters:
            for line in [f"cluster {info['name']}: {info['problem']}"] if "problem" in info else summary(info):
                task.say(line)
        if not clusters:
            task.say(f"no clusters in the ledger of {session.home}")
    return {"changed": False, "clusters": clusters}


def _info_or_problem(session: Session, cluster: Cluster) -> dict[str, Any]:
    """One of several clusters; why it can't be looked at, where that is so, for the others can."""
    try:
        return cluster_info(session, cluster)
    except CskError as error:
        return {**cluster_result(cluster), "problem": str(error)}


def read_pools(task: Task) -> dict[str, Any]:
    """The work of csk_nodepool_info: read one pool of a cluster, or all of them."""
    session, values = task.session, task.values
    cluster = session.cluster(values["cluster"])
    pools = {pool.name: pool.spec for pool in session.ledger.pools(cluster.name)}
    name = values["name"]
    if name and name not in pools:
        rule = "a pool is known by its cluster's ledger."
        fix = f"use one of {', '.join(pools)}."
        raise CskError(Problem("csk_nodepool_info.name", f"there is no pool {name!r}.", rule, fix))
    nodes = cluster_info(session, cluster)["nodes"]
    nodepools = [
        {"name": pool, "cluster": cluster.name, **spec, "nodes": [node for node in nodes if node["pool"] == pool]}
        for pool, spec in pools.items()
        if name in (None, pool)
    ]
    return {"changed": False, "nodepools": nodepools}


def cluster_info(session: Session, cluster: Cluster) -> dict[str, Any]:
    """One cluster: its record, its nodes, its add-ons, its version's dates, and what differs."""
    live = session.live(cluster)
    recorded = session.ledger.machines(cluster.name)
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    nodes = []
    for machine in recorded:
        state = live.machines.get(machine.name)
        node = live.observed.nodes.get(machine.name)
        nodes.append(
            {
                "name": machine.name,
                "role": machine.role,
                "pool": machine.pool,
                "zone": machine.zone,
                "address": machine.address,
                "provider": machine.provider,
                "origin": machine.origin,
                "added_at": machine.added_at.isoformat(),
                "machine": state.status if state else "missing",
                "ready": bool(node and node.ready and node.kubelet),
                "version": node.version.removeprefix("v") if node else None,
            }
        )
    masters = masters_of(recorded)
    hosts = [host(session, cluster, m, masters, "") for m in recorded]
    foreign = sorted(set(live.observed.nodes) - {machine.name for machine in recorded})
    differs = plan.cluster_sentences(cluster, recorded, pools, live)
    ends = certificates.ends(session.ledger, cluster, certificates.shown(masters))
    kubeconfig = session.folder(cluster.name) / "kubeconfig"
    held = session.ledger.lock_of(cluster.name)
    kubectl = session.home / "artifacts" / "releases" / cluster.version / "bin" / "kubectl"
    return {
        **cluster_result(cluster),
        "reachable": live.observed.reachable,
        "nodes": nodes,
        "hosts": hosts,
        "nodepools": [{"name": pool.name, **pool.spec} for pool in pools.values()],
        "other_nodes": foreign,
        "addons": live.observed.addons,
        "isolation": session.fleet(cluster).isolation(),
        "differs": differs,
        "version_status": version_status(session.minors, cluster.version, session.today),
        "certificates": {title: day.isoformat() for title, day in ends.items()},
        "warnings": certificates.soon(ends, session.today),
        "quotas": {
            "clusters": {"used": len(session.ledger.clusters(cluster.account)), "quota": session.quotas.clusters},
            "nodes": {"used": len(recorded), "quota": session.quotas.nodes},
        },
        "locked_by": held.told() if held else None,
        "kubeconfig": str(kubeconfig) if kubeconfig.exists() else None,
        "kubectl": str(kubectl) if kubectl.exists() else "kubectl",
    }


def version_status(minors: dict[str, Minor], version: str, today: date) -> dict[str, Any]:
    """What the catalogue says of a version on a date: its dates, and what it may become."""
    minor = minors.get(versions.minor_of(version))
    if minor is None or version not in minor.releases:
        return {"status": "unknown", "warnings": [f"{version} isn't in the catalogue."], "upgrades": []}
    verdict = versions.judge(version, minors, today)
    return {
        "status": verdict.status,
        "released": minor.released.isoformat(),
        "valid_until": minor.valid_until.isoformat(),
        "warnings": list(verdict.warnings),
        "upgrades": [
            {
                "target": step.target,
                "allowed": step.allowed,
                "allowed_from": step.allowed_from.isoformat(),
                "allowed_until": step.allowed_until.isoformat(),
                "reason": step.reason,
            }
            for step in upgrade_rules.targets(version, minors, today)
        ],
    }


def summary(info: dict[str, Any]) -> list[str]:
    """A cluster's information in lines for people."""
    ready = sum(node["ready"] for node in info["nodes"])
    api = "answers" if info["reachable"] else "doesn't answer"
    lines = [
        f"cluster {info['name']}: {info['status']}, Kubernetes {info['version']}",
        _version_line(info["version_status"]),
        f"  endpoint    {info['endpoint']} ({api})",
        f"  nodes       {ready} of {len(info['nodes'])} ready; the quota is {info['quotas']['nodes']['quota']}",
    ]
    lines += [
        f"    {node['name']:<22} {node['address']:<15} {node['zone']:<10} {node['machine']:<8}"
        f" {'Ready' if node['ready'] else 'NotReady':<9} {node['version'] or '-'}"
        for node in info["nodes"]
    ]
    lines += [f"  not csk's   {name}" for name in info["other_nodes"]]
    lines += [f"  isolation   {provider}: {sentence}" for provider, sentence in info["isolation"].items()]
    if info["locked_by"]:
        lines.append(f"  locked by   {info['locked_by']}")
    if info["kubeconfig"]:
        lines.append(f"  kubeconfig  {info['kubeconfig']}")
    lines += [f"  warning     {sentence}" for sentence in [*info["version_status"]["warnings"], *info["warnings"]]]
    lines += [f"  differs     {sentence}" for sentence in info["differs"]]
    return lines


def _version_line(status: dict[str, Any]) -> str:
    until = f", valid until {status['valid_until']}" if "valid_until" in status else ""
    steps = [
        f"{step['target']} ({'from' if step['allowed'] else 'not on this day; from'} {step['allowed_from']}"
        f" until {step['allowed_until']})"
        for step in status["upgrades"]
    ]
    return f"  version     {status['status']}{until}" + (f"; upgrades: {', '.join(steps)}" if steps else "")


def after_create(info: dict[str, Any], steps: list[tuple[str, float]], total: float) -> list[str]:
    """The summary at the end of create: the cluster, each step's seconds, and what to try next."""
    lines = summary(info)
    lines += [f"  {seconds:6.1f} s  {title}" for title, seconds in steps]
    lines.append(f"  {total:6.1f} s  in all")
    lines += [
        "  try next:",
        f"    {info['kubectl']} --kubeconfig {info['kubeconfig']} get nodes",
        f"    ansible-playbook csk.kubernetes.info -e csk_name={info['name']}",
        f"    ansible-playbook csk.kubernetes.delete -e csk_name={info['name']} -e csk_confirm={info['name']}",
    ]
    return lines
