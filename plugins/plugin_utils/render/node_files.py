# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a node that csk_node_files writes, by name; most of them hold secrets, so only the ledger has them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, Pool, masters_of
from ..rules import instance
from . import kubeadm, nodenet

if TYPE_CHECKING:
    from ..core.machines import Capacity

PKI = "/etc/kubernetes/pki"
KUBELET_POOL = "/etc/kubernetes/kubelet.conf.d/20-pool.conf"
_CA_FILES = ("ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "etcd/ca.crt", "etcd/ca.key")
PKI_FILES = (*_CA_FILES, "sa.key", "sa.pub")  # what all masters share


@dataclass(frozen=True)
class NodeFile:
    """A file on a node; ``content`` is None where the file is to go."""

    path: str
    content: str | None
    mode: int = 0o600


@dataclass(frozen=True)
class Asked:
    """What is asked only where a file needs it.

    :param secrets: those of the cluster that the ledger has, by the names that are asked for.
    :param capacity: what the machines' host has.
    :param kept: what kubeadm keeps in the cluster, or kept when the snapshot was taken that it is restored from.
    :param etcd_tag: of the etcd image of the cluster's release.
    :param node_tree: what an upgrade installs: of a version, on a container or not; path -> content and mode.
    """

    secrets: Callable[[list[str]], Mapping[str, bytes]]
    capacity: Callable[[], Capacity]
    kept: Callable[[], kubeadm.Kept]
    etcd_tag: Callable[[], str]
    node_tree: Callable[[str, bool], Mapping[str, tuple[str, int]]]


@dataclass(frozen=True)
class _Facts:
    cluster: Cluster
    machine: Machine
    masters: list[Machine]
    pool: Pool | None
    mtu: int
    shared: Collection[str]
    asked: Asked

    def secret(self, name: str) -> str:
        value = self.asked.secrets([name]).get(name)
        if value is None:
            what = f"the ledger has no {name} of cluster {self.cluster.name}."
            rule = "csk_cluster makes the secrets before a node needs them."
            raise CskError(Problem("csk_node_files.files", what, rule, "run the playbook from its start."))
        return value.decode()


def _pki(facts: _Facts) -> list[NodeFile]:
    secrets = facts.asked.secrets(list(PKI_FILES))
    public = (".crt", ".pub")
    return [NodeFile(f"{PKI}/{n}", secrets[n].decode(), 0o644 if n.endswith(public) else 0o600) for n in PKI_FILES]


def _bootstrap(facts: _Facts) -> list[NodeFile]:
    token, kept = facts.secret("token"), _kept(facts)
    text = kubeadm.bootstrap_config(facts.cluster, facts.masters, facts.machine, token, facts.shared, kept)
    patch = NodeFile(f"{kubeadm.PATCHES}/etcd.yaml", kubeadm.etcd_patch(), 0o644)
    return [*([patch] if facts.cluster.restore_from else []), NodeFile(f"{kubeadm.FOLDER}/bootstrap.yaml", text)]


def _kept(facts: _Facts) -> kubeadm.Kept:
    """What a bootstrap finds in no cluster yet."""
    fresh = facts.cluster.status == "creating" and not facts.cluster.restore_from
    return kubeadm.NOTHING_KEPT if fresh else facts.asked.kept()


def _init(facts: _Facts) -> list[NodeFile]:
    token = facts.asked.secrets(["token"]).get("token")
    kept = _kept(facts)
    text = kubeadm.init_config(facts.cluster, facts.machine, token.decode() if token else None, facts.shared, kept)
    patch = kubeadm.coredns_patch(facts.cluster)
    return [
        NodeFile(f"{kubeadm.PATCHES}/corednsdeployment.yaml", patch, 0o644),
        NodeFile(f"{kubeadm.FOLDER}/init.yaml", text),
    ]


def _upgrade(facts: _Facts) -> list[NodeFile]:
    target = facts.cluster.upgrade_to or facts.cluster.version
    kept = facts.asked.kept().cluster
    text = kubeadm.upgrade_config(facts.machine, facts.masters, kept, target, facts.shared)
    patch = kubeadm.coredns_patch(facts.cluster)
    return [
        # That of a cluster that was made before may not know the mark.
        NodeFile(nodenet.ENDPOINT_CHECK, nodenet.ENDPOINT_CHECK_SCRIPT, 0o755),
        NodeFile(f"{kubeadm.PATCHES}/corednsdeployment.yaml", patch, 0o644),
        NodeFile(f"{kubeadm.PATCHES}/etcd.yaml", kubeadm.etcd_patch(kept), 0o644),
        NodeFile(f"{kubeadm.FOLDER}/upgrade.yaml", text),
    ]


def _release(facts: _Facts) -> list[NodeFile]:
    target = facts.cluster.upgrade_to or facts.cluster.version
    tree = facts.asked.node_tree(target, facts.machine.name in facts.shared)
    return [NodeFile(path, content, mode) for path, (content, mode) in tree.items()]


def _restore(facts: _Facts) -> list[NodeFile]:
    text = kubeadm.restore_script(facts.cluster, facts.masters, facts.machine, facts.asked.etcd_tag())
    return [NodeFile(kubeadm.RESTORE_ETCD, text, 0o700)]


def _certificates(facts: _Facts) -> list[NodeFile]:
    text = kubeadm.certificates_config(facts.cluster, facts.machine, facts.shared, _kept(facts))
    return [
        NodeFile(f"{kubeadm.FOLDER}/certificates.yaml", text),
        NodeFile(kubeadm.RENEW_API_SERVER, kubeadm.RENEW_API_SERVER_SCRIPT, 0o700),
    ]


def _join(facts: _Facts) -> list[NodeFile]:
    text = kubeadm.join_config(facts.machine, facts.pool, facts.secret("token"), facts.shared)
    discovery = kubeadm.discovery_config(facts.cluster, facts.secret("ca.crt"))
    return [
        *_pool_settings(facts),
        NodeFile(f"{kubeadm.FOLDER}/join.yaml", text),
        NodeFile(kubeadm.DISCOVERY, discovery),
    ]


def _pool_settings(facts: _Facts) -> list[NodeFile]:
    """The kubelet's drop-in with what its pool wants of it."""
    wanted = facts.pool.spec if facts.pool else {}
    shape, settings = wanted.get("instance") or {}, wanted.get("kubelet") or {}
    text = instance.kubelet_config(shape, settings, facts.asked.capacity, facts.machine.name in facts.shared)
    return [NodeFile(KUBELET_POOL, text, 0o644)] if text else []


def _endpoint(facts: _Facts) -> list[NodeFile]:
    text = nodenet.keepalived(facts.cluster, facts.machine, facts.masters)
    # The script first: keepalived starts as soon as its configuration is there.
    return [
        NodeFile(nodenet.ENDPOINT_CHECK, nodenet.ENDPOINT_CHECK_SCRIPT, 0o755),
        NodeFile("/etc/keepalived/keepalived.conf", text),
    ]


def _network(facts: _Facts) -> list[NodeFile]:
    text = nodenet.conflist_template(facts.cluster, facts.mtu)
    return [
        NodeFile(nodenet.CONFLIST_TEMPLATE, text, 0o644),
        NodeFile(nodenet.GUARD_RULES, nodenet.guard_rules(facts.cluster, facts.masters), 0o644),
    ]


def _registries(facts: _Facts) -> list[NodeFile]:
    files = nodenet.registry_files(facts.cluster) | nodenet.proxy_files(facts.cluster)
    return [NodeFile(path, text, 0o644) for path, text in files.items()]


def _pod_range(_facts: _Facts) -> list[NodeFile]:
    return [NodeFile(nodenet.CONFLIST, None), NodeFile(nodenet.FLANNEL_RANGE, None)]


def _temporary(_facts: _Facts) -> list[NodeFile]:
    names = (
        "bootstrap.yaml", "init.yaml", "join.yaml", "certificates.yaml", "renew-apiserver", "discovery.conf",
        "upgrade.yaml", "patches/corednsdeployment.yaml", "patches/etcd.yaml",
    )  # fmt: skip
    paths = [f"{kubeadm.FOLDER}/{name}" for name in names]
    return [NodeFile(path, None) for path in [*paths, "/etc/kubernetes/super-admin.conf"]]


FILES: dict[str, Callable[[_Facts], list[NodeFile]]] = {
    "pki": _pki,
    "bootstrap": _bootstrap,
    "init": _init,
    "certificates": _certificates,
    "upgrade": _upgrade,
    "release": _release,
    "restore": _restore,
    "join": _join,
    "endpoint": _endpoint,
    "network": _network,
    "registries": _registries,
    "pod_range": _pod_range,
    "temporary": _temporary,
}


def files_of(
    cluster: Cluster,
    machines: Sequence[Machine],
    pools: Sequence[Pool],
    node: str,
    names: list[str],
    mtu: int,
    shared: Collection[str],
    asked: Asked,
) -> list[NodeFile]:
    """The files of these names for a node.

    :param machines: all of the cluster, and ``pools`` all of its pools.
    :param node: the machine's name in its cluster.
    :param mtu: of the machines' network, in bytes.
    :param shared: the machines that share the kernel of their host, by name.
    """
    machine = next((machine for machine in machines if machine.name == node), None)
    if machine is None:
        rule = "a node is a machine of its cluster in the ledger."
        known = ", ".join(m.name for m in machines)
        raise CskError(Problem("csk_node_files.node", f"{node} isn't known.", rule, f"use one of {known}."))
    pool = next((pool for pool in pools if pool.name == machine.pool), None)
    masters = masters_of(machines)
    facts = _Facts(cluster, machine, masters, pool, mtu, shared, asked)
    return [file for name in names for file in FILES[name](facts)]
