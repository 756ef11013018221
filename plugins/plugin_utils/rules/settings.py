# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of clusters and pools: what may change, when and how (design.md §5). This is the only list of them.

Pure functions of old and new settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ..core.errors import Problem
from ..core.models import Cluster, Pool
from .versions import minor_of

Change = Literal["never", "create", "own", "run"]


@dataclass(frozen=True)
class Setting:
    """What a setting is, and what it means to change it.

    :param title: what people call it.
    :param change: ``never``: immutable once the cluster or the pool is recorded; ``create``: the next create brings it;
        ``own``: by a rule of its own; ``run``: it is about one run, and never recorded.
    """

    title: str
    change: Change


# All that a cluster file may hold. What each is, its type and its default say the modules' DOCUMENTATION.
CLUSTER = {
    "name": Setting("the cluster's name", "own"),
    "cluster_type": Setting("the cluster type", "never"),
    "version": Setting("the version", "own"),  # by an upgrade
    "provider": Setting("the provider of the machines", "never"),
    "container": Setting("the provider's own options", "never"),
    "zones": Setting("one zone or several", "own"),
    "masters": Setting("the number of masters", "never"),
    "network_plugin": Setting("the network plugin", "never"),
    "flannel_backend": Setting("flannel's backend", "never"),
    "proxy_mode": Setting("kube-proxy's mode", "never"),
    "vpc_cidr": Setting("the VPC", "never"),
    "pod_cidr": Setting("the pod network", "never"),
    "service_cidr": Setting("the service network", "never"),
    "endpoint_sans": Setting("the names of the API server's certificate", "create"),
    "registry_mirrors": Setting("the nodes' registry mirrors", "never"),
    "proxy": Setting("the nodes' proxy", "never"),
    "dns_servers": Setting("the nodes' name servers", "never"),
    "tags": Setting("the tags", "create"),
    "deletion_protection": Setting("the protection against deletion", "create"),
}
POOL = {
    "name": Setting("the pool's name", "own"),
    "state": Setting("whether the pool is there", "run"),
    "desired_size": Setting("the number of workers", "own"),  # by scaling
    "provider": Setting("the provider of a pool's machines", "never"),
    "instance": Setting("the shape of a pool's machines", "never"),
    "zones": Setting("the zones of new workers", "create"),
    "labels": Setting("the labels", "create"),
    "taints": Setting("the taints", "create"),
    "unschedulable": Setting("whether new pods are kept away", "create"),
    "kubelet": Setting("what a pool's kubelets are told", "never"),
    "scale_in_policy": Setting("who goes first", "create"),
    "nodes": Setting("workers that are to go", "run"),
    "drain": Setting("how workers are emptied", "create"),
}
# What the ledger keeps of each in its settings: name and version have places of their own.
CLUSTER_SETTINGS = tuple(key for key, it in CLUSTER.items() if it.change != "run" and key not in ("name", "version"))
POOL_SETTINGS = tuple(key for key, it in POOL.items() if it.change != "run" and key != "name")


def immutable_problems(
    old: dict[str, Any], new: dict[str, Any], where: str = "csk_cluster", own: Iterable[str] = ()
) -> list[Problem]:
    """Every immutable setting that the new options would change.

    :param old: the settings in the ledger.
    :param new: the settings in the cluster file; None means that the file doesn't say.
    :param own: where providers' own options stand; those of one that the cluster didn't have yet are new.
    """
    problems = []
    fixed = {key: setting.title for key, setting in CLUSTER.items() if setting.change == "never"}
    for key, title in (fixed | {key: "what a provider is told" for key in own if key in old}).items():
        if new.get(key) is not None and new[key] != old.get(key):
            problems.append(_problem(f"{where}.{key}", old.get(key), new[key], title))
    if (len(old["zones"]) > 1) != (len(new["zones"]) > 1):
        problems.append(_problem(f"{where}.zones", old["zones"], new["zones"], CLUSTER["zones"].title))
    return problems


def provider_of(pool: dict[str, Any], cluster: dict[str, Any]) -> str:
    """The provider of a pool's machines: its own, or its cluster's.

    :param pool: its settings, and ``cluster`` the cluster's.
    """
    return pool.get("provider") or cluster["provider"]


def with_provider(pool: dict[str, Any], cluster: dict[str, Any]) -> dict[str, Any]:
    """A pool's options, in which None stands for the cluster's provider, whether the pool names it or not."""
    said = pool.get("provider")
    return pool | {"provider": None if said == cluster["provider"] else said}


def pool_problems(recorded: Pool | None, pool: dict[str, Any], where: str) -> list[Problem]:
    """A pool's immutable setting that its new options would change; what isn't recorded yet, or goes, has none.

    They are no problems, but a reason to make its workers anew, where none of these was ever Ready (rules/unused.py).

    :param pool: the options of csk_nodepool, by ``with_provider``.
    """
    if recorded is None or pool["state"] == "absent":
        return []
    problems = []
    old = recorded.spec.get("provider")
    if pool["provider"] != old:
        before, after = (name or "that of the cluster" for name in (old, pool["provider"]))
        what = f"would change from {before} to {after}."
        fix = f"write {old}," if old else "leave it out,"
        fix += " or add a pool that has another one and remove this one."
        problems.append(Problem(f"{where}.provider", what, f"{POOL['provider'].title} is immutable.", fix))
    for key, setting in POOL.items():
        if setting.change != "never" or key == "provider":
            continue
        have, wanted = (
            {name: value for name, value in said.items() if value is not None}
            for said in (recorded.spec.get(key) or {}, pool[key])
        )
        if have != wanted:
            what = f"would change from {have!r} to {wanted!r}."
            fix = f"write {have!r}, or add a pool that has it so and remove this one."
            problems.append(Problem(f"{where}.{key}", what, f"{setting.title} is immutable.", fix))
    return problems


def version_problems(recorded: str, wanted: str, where: str = "csk_cluster.version") -> list[Problem]:
    """``create`` never changes a version: a minor stands for any of its patches, an exact version for itself.

    :param recorded: exact.
    :param wanted: as the file says it.
    """
    if wanted in (recorded, minor_of(recorded)):
        return []
    what = f"says {wanted}; the cluster has {recorded}."
    fix = f"write {minor_of(recorded)} or {recorded}; to change the version, use the playbook csk.kubernetes.upgrade."
    return [Problem(where, what, "create never changes a cluster's version.", fix)]


def pool_settings(pool: dict[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of a pool's options."""
    return {key: pool[key] for key in POOL_SETTINGS}


def changed_settings(cluster: Cluster, values: dict[str, Any], own: Iterable[str] = ()) -> list[str]:
    """The settings that may change after creation, and do.

    :param own: as above.
    """
    new = [key for key in dict.fromkeys(own) if key not in cluster.spec]
    return [
        *(
            key
            for key, setting in CLUSTER.items()
            if (setting.change == "create" or key == "zones") and values[key] != cluster.spec.get(key)
        ),
        *new,
    ]


def _problem(where: str, old: Any, new: Any, title: str) -> Problem:
    what = f"would change from {old!r} to {new!r}."
    fix = f"write {old!r}, or create another cluster."
    return Problem(where, what, f"{title} is immutable after creation.", fix)
