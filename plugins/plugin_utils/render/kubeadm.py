# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubeadm's configuration files for a cluster's machines (kubeadm.k8s.io/v1beta4), as pure functions.

A bootstrap needs two configurations: the one for the masters' first start names all etcd members, the one that is
uploaded must not, because every later join would inherit it (facts.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from ..core.models import Cluster, Machine, Pool
from ..core.names import MASTER_TAINT, PORT
from ..rules.labels import node_labels
from ..rules.spec import NODE_MASK
from .nodenet import ETCD_DATA, ETCD_MARK

API = "kubeadm.k8s.io/v1beta4"
FOLDER = "/etc/csk/kubeadm"
PATCHES = f"{FOLDER}/patches"
DISCOVERY = f"{FOLDER}/discovery.conf"
NEW_PKI = f"{FOLDER}/pki"
RENEW_API_SERVER = f"{FOLDER}/renew-apiserver"
# The API server reads its certificate anew when the files change, without a restart. Certificate and key are made
# beside the old ones, so that the old pair stays whole until it is replaced.
RENEW_API_SERVER_SCRIPT = f"""#!/bin/sh
set -e
new={NEW_PKI} pki=/etc/kubernetes/pki
rm -rf $new
mkdir -m 700 $new
cp $pki/ca.crt $pki/ca.key $new
kubeadm init phase certs apiserver --config {FOLDER}/certificates.yaml
mv $new/apiserver.key $new/apiserver.crt $pki
rm -r $new
kubeadm init phase upload-config kubeadm --config {FOLDER}/init.yaml --kubeconfig /etc/kubernetes/admin.conf
"""
RESTORE_ETCD = f"{FOLDER}/restore-etcd"
SNAPSHOT = "/var/lib/kubelet/csk-snapshot.db"  # on a master that starts from it; not on a container's overlay
# The revision jumps ahead, and what was watched before is compacted, so that clients which have seen newer revisions
# start over (etcd, Disaster recovery). A mark says that this bootstrap's data are whole; what else is there is a killed
# run's.
_RESTORE_SCRIPT = """#!/bin/sh
set -e
PATH=/usr/local/bin:$PATH
exec 9> /run/lock/csk-kubeadm
flock --timeout 600 9
data=/var/lib/etcd
if [ "$(cat $data/csk-restored 2> /dev/null)" != {token} ]; then
  rm -rf $data/member $data/csk-new $data/csk-restored {mark}
  ctr --namespace k8s.io run --rm --net-host --mount type=bind,src=$data,dst=$data,options=rbind:rw \
    --mount type=bind,src={snapshot},dst=/snapshot.db,options=rbind:ro {image} csk-restore-$$ \
    etcdutl snapshot restore /snapshot.db --data-dir $data/csk-new --name {name} --initial-cluster {members} \
    --initial-cluster-token {token} --initial-advertise-peer-urls https://{address}:2380 \
    --bump-revision 1000000000 --mark-compacted
  mv $data/csk-new/member $data/member
  rm -rf $data/csk-new
  echo {token} > $data/csk-restored
fi
rm -f {snapshot} {script}
"""

# What a run that was killed leaves: kubeadm's phases take these up again, only its preflight wants them gone.
_LEFT_BY_A_KILLED_RUN = [
    *(f"Port-{port}" for port in (6443, 10250, 10257, 10259, 2379, 2380)),
    *(
        f"FileAvailable--etc-kubernetes-manifests-{name}.yaml"
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
    ),
    "DirAvailable--var-lib-etcd",
    "FileAvailable--etc-kubernetes-kubelet.conf",
    "FileAvailable--etc-kubernetes-bootstrap-kubelet.conf",
    "FileAvailable--etc-kubernetes-pki-ca.crt",
]
# A machine that shares its host's kernel shares swap and memory too; kubeadm would judge the host by them.
WITH_A_SHARED_KERNEL = ["SystemVerification", "Swap"]


@dataclass(frozen=True)
class Kept:
    """What kubeadm keeps in the cluster, as YAML; each is empty where there is none.

    People configure the cluster there, so whatever is made or uploaded later starts from it.

    :param cluster: the ClusterConfiguration; ``kubelet`` and ``proxy`` are those of the kubelets and of kube-proxy.
    """

    cluster: str = ""
    kubelet: str = ""
    proxy: str = ""


NOTHING_KEPT = Kept()


def members(masters: Sequence[Machine]) -> str:
    """Etcd's members as its flag ``initial-cluster`` takes them."""
    return ",".join(f"{master.name}=https://{master.address}:2380" for master in masters)


def _initial(masters: Sequence[Machine], state: str) -> list[dict[str, str]]:
    return [
        {"name": "initial-cluster", "value": members(masters)},
        {"name": "initial-cluster-state", "value": state},
    ]


def restore_script(cluster: Cluster, masters: Sequence[Machine], machine: Machine, tag: str) -> str:
    """What makes a master's data directory of etcd from the snapshot that lies there.

    :param tag: of the etcd image of the cluster's release.
    """
    return _RESTORE_SCRIPT.format(
        token=cluster.etcd_token,
        snapshot=SNAPSHOT,
        script=RESTORE_ETCD,
        mark=ETCD_MARK,
        image=f"registry.k8s.io/etcd:{tag}",
        name=machine.name,
        members=members(masters),
        address=machine.address,
    )


def bootstrap_config(
    cluster: Cluster,
    masters: Sequence[Machine],
    machine: Machine,
    token: str,
    shared: Collection[str],
    kept: Kept = NOTHING_KEPT,
) -> str:
    """The configuration by which a master starts before the cluster was ever ready, or from a snapshot.

    :param shared: the cluster's machines that share the kernel of their host, by name; so below.
    :param kept: what is, or was, in the cluster; so below.
    """
    # Only here may an etcd without data be new. Members of a restoration have theirs before they start.
    etcd = _initial(masters, "existing" if cluster.restore_from else "new")
    etcd.append({"name": "initial-cluster-token", "value": cluster.etcd_token})
    # A snapshot's data are put where csk's machines have etcd's.
    found = yaml.safe_load(kept.cluster) or {}
    if found:
        found |= {"etcd": {"local": ((found.get("etcd") or {}).get("local") or {}) | {"dataDir": ETCD_DATA}}}
        kept = replace(kept, cluster=yaml.safe_dump(found))
    return _init(cluster, machine, token, shared, kept, etcd)


def init_config(
    cluster: Cluster, machine: Machine, token: str | None, shared: Collection[str], kept: Kept = NOTHING_KEPT
) -> str:
    """The configuration that the first master uploads; it holds nothing that a join must not inherit.

    :param token: None where nothing is joining, as when only an add-on is put back.
    """
    return _init(cluster, machine, token, shared, kept)


def certificates_config(cluster: Cluster, machine: Machine, shared: Collection[str], kept: Kept = NOTHING_KEPT) -> str:
    """The configuration by which kubeadm makes certificates in a folder of their own."""
    return _init(cluster, machine, None, shared, kept, more={"certificatesDir": NEW_PKI})


def upgrade_config(
    machine: Machine, masters: Sequence[Machine], kept: str, target: str, shared: Collection[str]
) -> str:
    """The configuration by which kubeadm makes a master's static pods of another release.

    It isn't uploaded: by itself kubeadm would name only the master's own member, as a new cluster.

    :param kept: the ClusterConfiguration that kubeadm keeps in the cluster, so that what people changed there stays.
    :param target: exact.
    """
    config = yaml.safe_load(kept) | {"kubernetesVersion": f"v{target}"}
    config = _with_etcd(config, _initial(masters, "existing"))
    return yaml.safe_dump_all([_of_master(machine, shared), config], sort_keys=False)


def _with_etcd(config: dict[str, Any], arguments: Sequence[dict[str, str]]) -> dict[str, Any]:
    local = (config.get("etcd") or {}).get("local") or {}
    return config | {"etcd": {"local": local | {"extraArgs": with_arguments(local.get("extraArgs"), arguments)}}}


def with_arguments(there: Sequence[dict[str, str]] | None, own: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """A component's ``extraArgs`` with csk's own; what else is there stays."""
    names = {argument["name"] for argument in own}
    return [*(argument for argument in there or [] if argument["name"] not in names), *own]


def etcd_patch(kept: str = "") -> str:
    """How kubeadm patches the pod of an etcd that has data: without them it doesn't start.

    One that is told of an existing cluster, and finds its own data gone, would join it under its old name, and might
    vote for what it had voted against.

    :param kept: the ClusterConfiguration that says where its data are.
    """
    local = ((yaml.safe_load(kept) or {}).get("etcd") or {}).get("local") or {}
    log = f"{local.get('dataDir') or ETCD_DATA}/member/wal"
    mount = {"name": "etcd-log", "mountPath": "/run/csk-etcd-log", "readOnly": True}
    volume = {"name": "etcd-log", "hostPath": {"path": log, "type": "Directory"}}
    spec = {"containers": [{"name": "etcd", "volumeMounts": [mount]}], "volumes": [volume]}
    return yaml.safe_dump({"spec": spec}, sort_keys=False)


def coredns_patch(cluster: Cluster) -> str:
    """How kubeadm patches CoreDNS: it asks the API at the endpoint, so that names resolve without kube-proxy.

    A connection to the service's address that is begun before kube-proxy has its rules hangs for 30 seconds; and the
    kubelet asks for readiness every 10 seconds only.
    """
    container = {
        "name": "coredns",
        "env": [
            {"name": "KUBERNETES_SERVICE_HOST", "value": cluster.endpoint},
            {"name": "KUBERNETES_SERVICE_PORT", "value": str(PORT)},
        ],
        "readinessProbe": {"periodSeconds": 2},
    }
    return yaml.safe_dump({"spec": {"template": {"spec": {"containers": [container]}}}}, sort_keys=False)


def join_config(machine: Machine, pool: Pool | None, token: str, shared: Collection[str]) -> str:
    """The configuration by which a worker, or a master that replaces another one, joins."""
    document: dict[str, Any] = {
        "apiVersion": API,
        "kind": "JoinConfiguration",
        "discovery": {"file": {"kubeConfigPath": DISCOVERY}, "tlsBootstrapToken": token},
        "nodeRegistration": _registration(machine, pool, shared),
    }
    if machine.role == "master":
        document["controlPlane"] = {"localAPIEndpoint": {"advertiseAddress": machine.address, "bindPort": PORT}}
    return yaml.safe_dump(document, sort_keys=False)


def discovery_config(cluster: Cluster, ca: str) -> str:
    """A kubeconfig that tells where the cluster is and which CA to trust, without credentials."""
    import base64

    data = base64.b64encode(ca.encode()).decode()
    server = {"server": f"https://{cluster.endpoint}:{PORT}", "certificate-authority-data": data}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster.name, "cluster": server}],
        "contexts": [{"name": cluster.name, "context": {"cluster": cluster.name, "user": "anonymous"}}],
        "current-context": cluster.name,
        "users": [{"name": "anonymous", "user": {}}],
    }
    return yaml.safe_dump(document, sort_keys=False)


def _init(
    cluster: Cluster,
    machine: Machine,
    token: str | None,
    shared: Collection[str],
    kept: Kept,
    etcd: Sequence[dict[str, str]] = (),
    more: dict[str, Any] | None = None,
) -> str:
    bootstrap_token = {
        "token": token,
        "ttl": "1h0m0s",
        "usages": ["signing", "authentication"],
        "groups": ["system:bootstrappers:kubeadm:default-node-token"],
    }
    config = _cluster_config(cluster, yaml.safe_load(kept.cluster) or {}) | (more or {})
    kubelet = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}
    proxy = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": cluster.spec["proxy_mode"],
    }
    # The limit of tracked connections is the kernel's; a machine that shares it can't set it.
    limit = {"conntrack": {"maxPerCore": 0}} if shared else {}
    documents = [
        _of_master(machine, shared) | ({"bootstrapTokens": [bootstrap_token]} if token else {}),
        _with_etcd(config, etcd) if etcd else config,
        yaml.safe_load(kept.kubelet) or kubelet,
        yaml.safe_load(kept.proxy) or proxy | limit,
    ]
    return yaml.safe_dump_all(documents, sort_keys=False)


def _cluster_config(cluster: Cluster, kept: dict[str, Any]) -> dict[str, Any]:
    """The ClusterConfiguration: csk's own; where there is one, that one with the names that the settings say."""
    names = {"certSANs": [cluster.endpoint, "localhost", "127.0.0.1", *cluster.spec["endpoint_sans"]]}
    if kept:
        return kept | {"apiServer": (kept.get("apiServer") or {}) | names}
    return {
        "apiVersion": API,
        "kind": "ClusterConfiguration",
        "kubernetesVersion": f"v{cluster.version}",
        "clusterName": cluster.name,
        "controlPlaneEndpoint": f"{cluster.endpoint}:{PORT}",
        "encryptionAlgorithm": "ECDSA-P256",
        "networking": {"podSubnet": cluster.spec["pod_cidr"], "serviceSubnet": cluster.spec["service_cidr"]},
        "apiServer": names,
        "controllerManager": {"extraArgs": [{"name": "node-cidr-mask-size", "value": str(NODE_MASK)}]},
    }


def _of_master(machine: Machine, shared: Collection[str]) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "InitConfiguration",
        "patches": {"directory": PATCHES},
        "localAPIEndpoint": {"advertiseAddress": machine.address, "bindPort": PORT},
        "nodeRegistration": _registration(machine, None, shared),
    }


def _registration(machine: Machine, pool: Pool | None, shared: Collection[str]) -> dict[str, Any]:
    labels = ",".join(f"{key}={value}" for key, value in sorted(node_labels(machine, pool).items()))
    ignored = WITH_A_SHARED_KERNEL if machine.name in shared else []
    return {
        "name": machine.name,
        "criSocket": "unix:///run/containerd/containerd.sock",
        "imagePullPolicy": "IfNotPresent",
        "ignorePreflightErrors": _LEFT_BY_A_KILLED_RUN + ignored,
        "kubeletExtraArgs": [
            {"name": "node-ip", "value": machine.address},
            {"name": "node-labels", "value": labels},
        ],
        "taints": [MASTER_TAINT] if machine.role == "master" else (pool.spec["taints"] if pool else []),
    }
