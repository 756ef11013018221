# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's record beside what is really there, and what differs."""

from __future__ import annotations

from typing import Any

from . import catalogue, plan
from .action import cluster_result
from .models import Cluster
from .session import Session, host


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
                "origin": machine.origin,
                "added_at": machine.added_at.isoformat(),
                "machine": state.status if state else "missing",
                "ready": bool(node and node.ready and node.kubelet),
                "version": node.version.removeprefix("v") if node else None,
            }
        )
    masters = [machine for machine in recorded if machine.role == "master"]
    provider = session.provider(cluster.spec)
    hosts = [host(cluster, m, masters, provider.console(cluster.name, m.name), "") for m in recorded]
    foreign = sorted(set(live.observed.nodes) - {machine.name for machine in recorded})
    differs = plan.cluster_sentences(cluster, recorded, pools, live.machines, live.observed)
    minor = session.minors.get(catalogue.minor_of(cluster.version))
    dates = {"released": minor.released.isoformat(), "valid_until": minor.valid_until.isoformat()} if minor else {}
    kubeconfig = session.folder(cluster.name) / "kubeconfig"
    kubectl = session.home / "artifacts" / "releases" / cluster.version / "bin" / "kubectl"
    return {
        **cluster_result(cluster),
        "reachable": live.observed.reachable,
        "nodes": nodes,
        "hosts": hosts,
        "nodepools": [{"name": pool.name, **pool.spec} for pool in pools.values()],
        "other_nodes": foreign,
        "addons": live.observed.addons,
        "differs": differs,
        "version_dates": dates,
        "kubeconfig": str(kubeconfig) if kubeconfig.exists() else None,
        "kubectl": str(kubectl) if kubectl.exists() else "kubectl",
    }


def summary(info: dict[str, Any]) -> list[str]:
    """A cluster's information in lines for people."""
    ready = sum(node["ready"] for node in info["nodes"])
    api = "answers" if info["reachable"] else "doesn't answer"
    lines = [
        f"cluster {info['name']}: {info['status']}, Kubernetes {info['version']}",
        f"  endpoint    {info['endpoint']} ({api})",
        f"  nodes       {ready} of {len(info['nodes'])} ready",
    ]
    lines += [
        f"    {node['name']:<22} {node['address']:<15} {node['zone']:<10} {node['machine']:<8}"
        f" {'Ready' if node['ready'] else 'NotReady':<9} {node['version'] or '-'}"
        for node in info["nodes"]
    ]
    lines += [f"  not csk's   {name}" for name in info["other_nodes"]]
    if info["kubeconfig"]:
        lines.append(f"  kubeconfig  {info['kubeconfig']}")
    lines += [f"  differs     {sentence}" for sentence in info["differs"]]
    return lines


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
