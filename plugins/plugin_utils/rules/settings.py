# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of clusters and pools: which are kept, which may change later and which may not (design.md §5).

Pure functions of old and new settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.errors import Problem
from ..core.models import Cluster, Pool
from .versions import minor_of

# setting -> why it stays
IMMUTABLE = {
    "cluster_type": "the cluster type",
    "provider": "the provider of the machines",
    "container": "the provider's own options",
    "masters": "the number of masters",
    "network_plugin": "the network plugin",
    "flannel_backend": "flannel's backend",
    "proxy_mode": "kube-proxy's mode",
    "vpc_cidr": "the VPC",
    "pod_cidr": "the pod network",
    "service_cidr": "the service network",
    "registry_mirrors": "the nodes' registry mirrors",
    "proxy": "the nodes' proxy",
    "dns_servers": "the nodes' name servers",
}

# What the ledger keeps of a pool's options; the others are about one run.
POOL_SETTINGS = (
    "desired_size",
    "provider",
    "instance",
    "zones",
    "labels",
    "taints",
    "unschedulable",
    "kubelet",
    "scale_in_policy",
    "drain",
)


def immutable_problems(
    old: dict[str, Any], new: dict[str, Any], where: str = "csk_cluster", own: Iterable[str] = ()
) -> list[Problem]:
    """Every immutable setting that the new options would change.

    :param old: the settings in the ledger.
    :param new: the settings in the cluster file; None means that the file doesn't say.
    :param own: where providers' own options stand; those of one that the cluster didn't have yet are new.
    """
    problems = []
    for key, title in (IMMUTABLE | {key: "what a provider is told" for key in own if key in old}).items():
        if new.get(key) is not None and new[key] != old.get(key):
            problems.append(_problem(f"{where}.{key}", old.get(key), new[key], title))
    if (len(old["zones"]) > 1) != (len(new["zones"]) > 1):
        problems.append(_problem(f"{where}.zones", old["zones"], new["zones"], "one zone or several"))
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
        problems.append(Problem(f"{where}.provider", what, "the provider of a pool's machines is immutable.", fix))
    for key, title in (("instance", "the shape of a pool's machines"), ("kubelet", "what a pool's kubelets are told")):
        have, wanted = (
            {name: value for name, value in said.items() if value is not None}
            for said in (recorded.spec.get(key) or {}, pool[key])
        )
        if have != wanted:
            what = f"would change from {have!r} to {wanted!r}."
            fix = f"write {have!r}, or add a pool that has it so and remove this one."
            problems.append(Problem(f"{where}.{key}", what, f"{title} is immutable.", fix))
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
        *(k for k in ("zones", "endpoint_sans", "tags", "deletion_protection") if values[k] != cluster.spec.get(k)),
        *new,
    ]


def _problem(where: str, old: Any, new: Any, title: str) -> Problem:
    what = f"would change from {old!r} to {new!r}."
    fix = f"write {old!r}, or create another cluster."
    return Problem(where, what, f"{title} is immutable after creation.", fix)
