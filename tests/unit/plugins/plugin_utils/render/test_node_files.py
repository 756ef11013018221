# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a node: which there are, what they hold, and that secrets are their owner's alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
import yaml
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import Capacity
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine, Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import node_files
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render.kubeadm import Kept

HOST = Capacity(cpus=8, memory_bytes=16 << 30)
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SPEC = {
    "provider": "container", "pod_cidr": "172.20.0.0/16", "service_cidr": "172.21.0.0/20", "endpoint_sans": [],
    "proxy_mode": "iptables", "flannel_backend": "vxlan", "registry_mirrors": [], "proxy": None,
}  # fmt: skip
MIRROR = {"registry": "docker.io", "endpoints": ["https://mirror:5000"], "ca": "PEM"}
CLUSTER = Cluster("id", "demo", "default", "1.36.3", SPEC, "ready", "172.30.0.0/24", "172.30.0.10", "etcd-token", NOW)
MACHINES = [
    *(Machine("demo", f"master-{n}", "master", None, "a", f"172.30.0.{10 + n}", "create", NOW) for n in (1, 2, 3)),
    Machine("demo", "web-1", "worker", "web", "a", "172.30.0.14", "create", NOW),
]
POOLS = [
    Pool("demo", "db", {"labels": {"tier": "db"}, "taints": []}),
    Pool("demo", "web", {"labels": {"tier": "web"}, "taints": []}),
]
KEPT = yaml.safe_dump(
    {
        "kind": "ClusterConfiguration",
        "kubernetesVersion": "v1.36.3",
        "apiServer": {"extraArgs": [{"name": "profiling", "value": "false"}]},
    }
)
TOKEN = "abcdef.0123456789abcdef"
PUBLIC = ("ca.crt", "front-proxy-ca.crt", "etcd/ca.crt", "sa.pub")
PRIVATE = ("ca.key", "front-proxy-ca.key", "etcd/ca.key", "sa.key")
SECRETS = {name: f"content of {name}".encode() for name in PUBLIC + PRIVATE} | {"token": TOKEN.encode()}
MASTERS_OWN = {f"/etc/kubernetes/pki/{name}" for name in PUBLIC + PRIVATE}


def asked(**secrets: bytes | None) -> node_files.Asked:
    """Answers of a cluster with these secrets beside the usual ones; None: it hasn't that one."""
    kept = {name: data for name, data in (SECRETS | secrets).items() if data is not None}
    return node_files.Asked(
        secrets=lambda names: {name: kept[name] for name in names if name in kept},
        capacity=lambda: HOST,
        kept=lambda: Kept(KEPT),
        etcd_tag=lambda: "3.6.8-0",
        node_tree=lambda release, container: {f"/tree/{release}": (f"container: {container}", 0o755)},
    )


def files(
    node: str, *names: str, cluster: Cluster = CLUSTER, pools: Sequence[Pool] = tuple(POOLS), **secrets
) -> dict[str, node_files.NodeFile]:
    found = node_files.files_of(cluster, MACHINES, list(pools), node, list(names), 1500, [], asked(**secrets))
    assert len({file.path for file in found}) == len(found)
    return {file.path: file for file in found}


@pytest.mark.parametrize(
    ("name", "modes"),
    [
        (
            "pki",
            {f"/etc/kubernetes/pki/{name}": 0o644 for name in PUBLIC}
            | {f"/etc/kubernetes/pki/{name}": 0o600 for name in PRIVATE},
        ),
        ("bootstrap", {"/etc/csk/kubeadm/bootstrap.yaml": 0o600}),
        (
            "init",
            {"/etc/csk/kubeadm/init.yaml": 0o600, "/etc/csk/kubeadm/patches/corednsdeployment.yaml": 0o644},
        ),
        ("join", {"/etc/csk/kubeadm/join.yaml": 0o600, "/etc/csk/kubeadm/discovery.conf": 0o600}),
        ("endpoint", {"/usr/local/lib/csk/endpoint-check": 0o755, "/etc/keepalived/keepalived.conf": 0o600}),
        ("network", {"/etc/csk/cni.conflist.tmpl": 0o644, "/etc/csk/guard.rules": 0o644}),
        (
            "upgrade",
            {
                "/usr/local/lib/csk/endpoint-check": 0o755,
                "/etc/csk/kubeadm/patches/corednsdeployment.yaml": 0o644,
                "/etc/csk/kubeadm/patches/etcd.yaml": 0o644,
                "/etc/csk/kubeadm/upgrade.yaml": 0o600,
            },
        ),
        ("registries", {}),
    ],
)
def test_files_and_their_modes(name, modes):
    found = files("master-1", name)
    assert {path: file.mode for path, file in found.items()} == modes
    assert all(file.content for file in found.values())


@pytest.mark.parametrize("name", node_files.FILES)
def test_whoever_may_read_a_file_finds_no_secret_in_it(name):
    secrets = [data.decode() for key, data in SECRETS.items() if key not in PUBLIC] + ["etcd-token"]
    for file in files("master-1", name).values():
        if file.mode & 0o077:
            assert not [secret for secret in secrets if secret in (file.content or "")]


def test_authorities_are_those_of_the_ledger():
    found = files("master-1", "pki")
    contents = {path.removeprefix("/etc/kubernetes/pki/"): file.content.encode() for path, file in found.items()}
    assert contents == {name: data for name, data in SECRETS.items() if name != "token"}


def test_a_worker_gets_no_key_of_the_cluster():
    found = files("web-1", "network", "registries", "join")
    assert not MASTERS_OWN & set(found)
    assert not [file for file in found.values() if ".key" in file.content]
    node = yaml.safe_load(found["/etc/csk/kubeadm/join.yaml"].content)["nodeRegistration"]
    assert node["name"] == "web-1"
    labels = {item["name"]: item["value"] for item in node["kubeletExtraArgs"]}["node-labels"]
    assert "tier=web" in labels.split(",")


def test_a_master_has_no_pool():
    document = yaml.safe_load(files("master-2", "join")["/etc/csk/kubeadm/join.yaml"].content)
    assert document["controlPlane"]["localAPIEndpoint"]["advertiseAddress"] == "172.30.0.12"
    assert "nodepool" not in str(document)


def test_a_bootstrap_and_the_endpoint_know_the_masters_only():
    text = files("master-2", "bootstrap")["/etc/csk/kubeadm/bootstrap.yaml"].content
    assert all(f"172.30.0.1{n}:2380" in text for n in (1, 2, 3))
    assert "172.30.0.14" not in text
    text = files("master-2", "endpoint")["/etc/keepalived/keepalived.conf"].content
    assert text.partition("unicast_peer {")[2].partition("}")[0].split() == ["172.30.0.11", "172.30.0.13"]


def test_the_endpoints_check_is_there_before_keepalived_starts():
    assert next(iter(files("master-1", "endpoint"))).endswith("/endpoint-check")


@pytest.mark.parametrize(("shape", "written"), [({}, False), ({"max_pods": None}, False), ({"max_pods": 256}, True)])
def test_what_a_pool_wants_of_its_kubelets(shape, written):
    pool = Pool("demo", "web", POOLS[1].spec | {"instance": shape})
    found = files("web-1", "join", pools=[pool])
    assert (node_files.KUBELET_POOL in found) == written
    assert node_files.KUBELET_POOL not in files("master-1", "join", pools=[pool])
    if written:
        assert yaml.safe_load(found[node_files.KUBELET_POOL].content)["maxPods"] == 256


def test_the_mtu_of_the_machines_network_counts():
    found = node_files.files_of(CLUSTER, MACHINES, POOLS, "web-1", ["network"], 1400, [], asked())
    assert '"mtu": 1350' in found[0].content


def test_the_api_servers_certificate_is_made_beside_the_old_one():
    cluster = Cluster(**vars(CLUSTER) | {"spec": SPEC | {"endpoint_sans": ["api.example"]}})
    found = files("master-2", "certificates", cluster=cluster)
    documents = list(yaml.safe_load_all(found["/etc/csk/kubeadm/certificates.yaml"].content))
    (config,) = (one for one in documents if one["kind"] == "ClusterConfiguration")
    assert config["certificatesDir"] == "/etc/csk/kubeadm/pki"
    assert "api.example" in config["apiServer"]["certSANs"]
    assert found["/etc/csk/kubeadm/renew-apiserver"].mode == 0o700


def test_mirrors_and_proxy():
    proxy = {"http_proxy": "http://proxy:1", "no_proxy": []}
    cluster = Cluster(**vars(CLUSTER) | {"spec": SPEC | {"registry_mirrors": [MIRROR], "proxy": proxy}})
    found = files("web-1", "registries", cluster=cluster)
    assert {path: file.mode for path, file in found.items()} == {
        "/etc/containerd/certs.d/docker.io/hosts.toml": 0o644,
        "/etc/containerd/certs.d/docker.io/ca.crt": 0o644,
        "/etc/systemd/system/containerd.service.d/csk-proxy.conf": 0o644,
    }


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("pod_range", ["/etc/cni/net.d/10-containerd-net.conflist", "/run/flannel/subnet.env"]),
        (
            "temporary",
            [
                "/etc/csk/kubeadm/bootstrap.yaml",
                "/etc/csk/kubeadm/init.yaml",
                "/etc/csk/kubeadm/join.yaml",
                "/etc/csk/kubeadm/certificates.yaml",
                "/etc/csk/kubeadm/renew-apiserver",
                "/etc/csk/kubeadm/discovery.conf",
                "/etc/csk/kubeadm/upgrade.yaml",
                "/etc/csk/kubeadm/patches/corednsdeployment.yaml",
                "/etc/csk/kubeadm/patches/etcd.yaml",
                "/etc/kubernetes/super-admin.conf",
            ],
        ),
    ],
)
def test_files_that_go(name, paths):
    assert [(path, file.content) for path, file in files("web-1", name).items()] == [(path, None) for path in paths]


@pytest.mark.parametrize(
    ("upgrade_to", "shared", "tree"),
    [
        (None, [], {"/tree/1.36.3": "container: False"}),
        ("1.37.2", [], {"/tree/1.37.2": "container: False"}),
        ("1.37.2", ["web-1"], {"/tree/1.37.2": "container: True"}),
    ],
)
def test_what_an_upgrade_installs_is_the_targets(upgrade_to, shared, tree):
    cluster = Cluster(**vars(CLUSTER) | {"upgrade_to": upgrade_to})
    found = node_files.files_of(cluster, MACHINES, POOLS, "web-1", ["release"], 1500, shared, asked())
    assert {file.path: file.content for file in found} == tree
    assert [file.mode for file in found] == [0o755]


def test_every_file_that_holds_the_token_goes():
    written = files("master-1", "bootstrap", "init", "join")
    holding = {path for path, file in written.items() if TOKEN in file.content}
    assert len(holding) == 3
    assert holding <= set(files("master-1", "temporary"))


def test_the_order_is_the_callers():
    assert [*files("master-1", "pod_range", "network")] == [
        *files("master-1", "pod_range"),
        *files("master-1", "network"),
    ]


@pytest.mark.parametrize("name", ["bootstrap", "join"])
def test_a_secret_that_is_not_there(name):
    with pytest.raises(CskError, match="no token of cluster demo"):
        files("master-1", name, token=None)


def test_an_add_on_is_put_back_without_a_token():
    assert "bootstrapTokens" not in files("master-1", "init", token=None)["/etc/csk/kubeadm/init.yaml"].content
    assert TOKEN in files("master-1", "init")["/etc/csk/kubeadm/init.yaml"].content


def test_a_node_that_is_not_recorded():
    with pytest.raises(CskError, match="web-2 isn't known") as caught:
        files("web-2", "join")
    assert "master-1, master-2, master-3, web-1" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "restore_from", "kept"),
    [("creating", None, False), ("creating", "/srv/demo.db", True), ("ready", None, True)],
)
@pytest.mark.parametrize("name", ["bootstrap", "init", "certificates"])
def test_what_people_configured_stays(status, restore_from, kept, name):
    spec = SPEC | {"endpoint_sans": ["api.example"]}
    cluster = Cluster(**vars(CLUSTER) | {"status": status, "restore_from": restore_from, "spec": spec})
    text = files("master-1", name, cluster=cluster)[f"/etc/csk/kubeadm/{name}.yaml"].content
    (config,) = (one for one in yaml.safe_load_all(text) if "certSANs" in one.get("apiServer", {}))
    assert ("extraArgs" in config["apiServer"]) == kept
    assert "api.example" in config["apiServer"]["certSANs"]
