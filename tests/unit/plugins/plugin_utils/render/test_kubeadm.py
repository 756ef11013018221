# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubeadm's configurations: what a bootstrap says, what is uploaded, and what a join says."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import names
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine, Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import kubeadm

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SPEC = {
    "provider": "container", "pod_cidr": "172.20.0.0/16", "service_cidr": "172.21.0.0/20",
    "endpoint_sans": ["api.example"], "proxy_mode": "iptables",
}  # fmt: skip
CLUSTER = Cluster("id", "demo", "default", "1.36.3", SPEC, "creating", "172.30.0.0/24", "172.30.0.10", "random", NOW)
MASTERS = [
    Machine("demo", f"master-{n}", "master", None, f"zone-{n}", f"172.30.0.{10 + n}", "create", NOW) for n in (1, 2, 3)
]
WORKER = Machine("demo", "web-1", "worker", "web", "zone-1", "172.30.0.14", "scale", NOW)
SHARED = [machine.name for machine in (*MASTERS, WORKER)]
TAINT = {"key": "kind", "value": "batch", "effect": "NoSchedule"}
POOL = Pool("demo", "web", {"labels": {"tier": "web"}, "taints": [TAINT]})
TOKEN = "abcdef.0123456789abcdef"


def documents(text: str) -> dict[str, dict]:
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def arguments(items: list[dict[str, str]]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in items}


def test_a_bootstrap_names_all_members_of_etcd():
    found = documents(kubeadm.bootstrap_config(CLUSTER, MASTERS, MASTERS[1], TOKEN, SHARED))
    assert arguments(found["ClusterConfiguration"]["etcd"]["local"]["extraArgs"]) == {
        "initial-cluster": "master-1=https://172.30.0.11:2380,master-2=https://172.30.0.12:2380,"
        "master-3=https://172.30.0.13:2380",
        "initial-cluster-state": "new",
        "initial-cluster-token": "random",
    }
    assert found["InitConfiguration"]["localAPIEndpoint"] == {"advertiseAddress": "172.30.0.12", "bindPort": 6443}


@pytest.mark.parametrize("token", [TOKEN, None])
def test_what_is_uploaded_can_be_inherited(token):
    text = kubeadm.init_config(CLUSTER, MASTERS[0], token, SHARED)
    assert "initial-cluster" not in text
    assert "imageTag" not in text
    assert ("bootstrapTokens" in text) == bool(token)
    cluster = documents(text)["ClusterConfiguration"]
    assert cluster["kubernetesVersion"] == "v1.36.3"
    assert cluster["controlPlaneEndpoint"] == "172.30.0.10:6443"
    assert cluster["networking"] == {"podSubnet": "172.20.0.0/16", "serviceSubnet": "172.21.0.0/20"}
    assert {"172.30.0.10", "api.example"} <= set(cluster["apiServer"]["certSANs"])
    assert arguments(cluster["controllerManager"]["extraArgs"])["node-cidr-mask-size"] == "23"


def test_a_token_ends_within_an_hour():
    found = documents(kubeadm.init_config(CLUSTER, MASTERS[0], TOKEN, SHARED))["InitConfiguration"]
    (token,) = found["bootstrapTokens"]
    assert (token["token"], token["ttl"]) == (TOKEN, "1h0m0s")


def test_a_worker_joins():
    found = documents(kubeadm.join_config(WORKER, POOL, TOKEN, SHARED))["JoinConfiguration"]
    assert "controlPlane" not in found
    assert found["discovery"] == {"file": {"kubeConfigPath": kubeadm.DISCOVERY}, "tlsBootstrapToken": TOKEN}
    node = found["nodeRegistration"]
    assert (node["name"], node["taints"]) == ("web-1", [TAINT])
    given = arguments(node["kubeletExtraArgs"])
    assert given["node-ip"] == "172.30.0.14"
    assert set(given["node-labels"].split(",")) == {
        "tier=web", "csk.dev/nodepool=web", "csk.dev/origin=scale", "csk.dev/added-at=20261124T120000Z",
        "topology.kubernetes.io/zone=zone-1",
    }  # fmt: skip


def test_a_master_joins():
    found = documents(kubeadm.join_config(MASTERS[2], None, TOKEN, SHARED))["JoinConfiguration"]
    assert found["controlPlane"]["localAPIEndpoint"]["advertiseAddress"] == "172.30.0.13"
    assert found["nodeRegistration"]["taints"] == [names.MASTER_TAINT]


def test_preflight_errors_are_ignored_by_name():
    for shared, kernel, conntrack in ((SHARED, True, True), ([], False, False), (["web-1"], False, True)):
        found = documents(kubeadm.bootstrap_config(CLUSTER, MASTERS, MASTERS[0], TOKEN, shared))
        ignored = found["InitConfiguration"]["nodeRegistration"]["ignorePreflightErrors"]
        assert "all" not in ignored
        assert ("SystemVerification" in ignored) == kernel
        assert ("conntrack" in found["KubeProxyConfiguration"]) == conntrack


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_the_mode_of_kube_proxy(mode):
    cluster = replace(CLUSTER, spec=SPEC | {"proxy_mode": mode})
    assert documents(kubeadm.init_config(cluster, MASTERS[0], None, SHARED))["KubeProxyConfiguration"]["mode"] == mode


def test_discovery_holds_no_credentials():
    found = documents(kubeadm.discovery_config(CLUSTER, "CA"))["Config"]
    assert found["users"] == [{"name": "anonymous", "user": {}}]
    cluster = found["clusters"][0]["cluster"]
    assert cluster["server"] == "https://172.30.0.10:6443"
    assert base64.b64decode(cluster["certificate-authority-data"]) == b"CA"


def test_a_bootstrap_and_what_is_uploaded_differ_in_etcd_only():
    bootstrap = documents(kubeadm.bootstrap_config(CLUSTER, MASTERS, MASTERS[0], TOKEN, SHARED))
    uploaded = documents(kubeadm.init_config(CLUSTER, MASTERS[0], TOKEN, SHARED))
    assert "etcd" not in uploaded["ClusterConfiguration"]
    del bootstrap["ClusterConfiguration"]["etcd"]
    assert bootstrap == uploaded


def test_each_bootstrap_has_the_random_token_of_its_cluster():
    text = kubeadm.bootstrap_config(replace(CLUSTER, etcd_token="other"), MASTERS, MASTERS[0], TOKEN, SHARED)
    extra = documents(text)["ClusterConfiguration"]["etcd"]["local"]["extraArgs"]
    assert arguments(extra)["initial-cluster-token"] == "other"


def test_a_masters_registration():
    node = documents(kubeadm.init_config(CLUSTER, MASTERS[1], None, SHARED))["InitConfiguration"]["nodeRegistration"]
    assert (node["name"], node["taints"]) == ("master-2", [names.MASTER_TAINT])
    given = arguments(node["kubeletExtraArgs"])
    assert given["node-ip"] == "172.30.0.12"
    assert set(given["node-labels"].split(",")) == {
        "csk.dev/origin=create", "csk.dev/added-at=20261124T120000Z", "topology.kubernetes.io/zone=zone-2",
    }  # fmt: skip


def test_a_worker_of_a_pool_without_taints_has_none():
    for pool in (None, replace(POOL, spec={"labels": {}, "taints": []})):
        found = documents(kubeadm.join_config(WORKER, pool, TOKEN, SHARED))["JoinConfiguration"]
        assert found["nodeRegistration"]["taints"] == []


def test_discovery_has_no_key_and_no_token():
    text = kubeadm.discovery_config(CLUSTER, "CA")
    assert not [word for word in ("token", "client-", "password", "exec") if word in text]
    document = yaml.safe_load(text)
    assert document["current-context"] == document["contexts"][0]["name"]
    assert document["contexts"][0]["context"]["cluster"] == document["clusters"][0]["name"]


def test_coredns_asks_the_endpoint():
    (container,) = yaml.safe_load(kubeadm.coredns_patch(CLUSTER))["spec"]["template"]["spec"]["containers"]
    assert container["name"] == "coredns"  # a strategic merge finds it by its name
    # The values of an environment are strings; a number is refused by the API.
    assert arguments(container["env"]) == {
        "KUBERNETES_SERVICE_HOST": "172.30.0.10",
        "KUBERNETES_SERVICE_PORT": "6443",
    }
    uploaded = documents(kubeadm.init_config(CLUSTER, MASTERS[0], None, SHARED))["InitConfiguration"]
    assert uploaded["patches"] == {"directory": kubeadm.PATCHES}


KEPT = yaml.safe_load(kubeadm.init_config(CLUSTER, MASTERS[0], None, SHARED).split("---\n")[1])
CHANGED = {
    "apiServer": {"extraArgs": [{"name": "audit-log-maxage", "value": "7"}], "certSANs": ["by.hand"]},
    "etcd": {"local": {"dataDir": "/srv/etcd", "extraArgs": [{"name": "quota-backend-bytes", "value": "8589934592"}]}},
    "featureGates": {"RootlessControlPlane": True},
    "certificateValidityPeriod": "8760h0m0s",
}


@pytest.mark.parametrize("change", [{}, *({key: value} for key, value in CHANGED.items()), CHANGED])
def test_an_upgrade_keeps_what_people_changed(change):
    text = kubeadm.upgrade_config(MASTERS[1], MASTERS, yaml.safe_dump(KEPT | change), "1.37.2", SHARED)
    found = documents(text)
    assert set(found) == {"InitConfiguration", "ClusterConfiguration"}
    by_hand = change.get("etcd", {"local": {}})["local"]
    local = found["ClusterConfiguration"].pop("etcd")["local"]
    own = ("initial-cluster", "initial-cluster-state")
    local["extraArgs"] = [argument for argument in local["extraArgs"] if argument["name"] not in own]
    assert local == {"extraArgs": []} | by_hand
    there = {key: value for key, value in (KEPT | change).items() if key != "etcd"}
    assert found["ClusterConfiguration"] == there | {"kubernetesVersion": "v1.37.2"}


@pytest.mark.parametrize(
    "there", [[], [{"name": "initial-cluster-state", "value": "new"}, {"name": "initial-cluster", "value": "mine"}]]
)
def test_an_upgraded_etcd_without_data_is_no_new_cluster(there):
    kept = yaml.safe_dump(KEPT | {"etcd": {"local": {"extraArgs": there}}})
    found = documents(kubeadm.upgrade_config(MASTERS[1], MASTERS, kept, "1.37.2", SHARED))
    assert arguments(found["ClusterConfiguration"]["etcd"]["local"]["extraArgs"]) == {
        "initial-cluster": "master-1=https://172.30.0.11:2380,master-2=https://172.30.0.12:2380,"
        "master-3=https://172.30.0.13:2380",
        "initial-cluster-state": "existing",
    }


def test_a_restored_etcd_without_data_is_no_new_cluster():
    restoring = replace(CLUSTER, restore_from="/srv/demo.db")
    found = documents(kubeadm.bootstrap_config(restoring, MASTERS, MASTERS[1], TOKEN, SHARED))
    extra = arguments(found["ClusterConfiguration"]["etcd"]["local"]["extraArgs"])
    assert extra["initial-cluster-state"] == "existing"


def test_an_upgrade_makes_a_masters_static_pods_as_its_bootstrap_did():
    found = documents(kubeadm.upgrade_config(MASTERS[1], MASTERS, yaml.safe_dump(KEPT), "1.37.2", SHARED))
    assert (
        found["InitConfiguration"]
        == documents(kubeadm.init_config(CLUSTER, MASTERS[1], None, SHARED))["InitConfiguration"]
    )


@pytest.mark.parametrize("target", ["1.36.10", "1.37.0"])
def test_an_upgrade_goes_to_the_exact_version(target):
    found = documents(kubeadm.upgrade_config(MASTERS[0], MASTERS, yaml.safe_dump(KEPT), target, SHARED))
    assert found["ClusterConfiguration"]["kubernetesVersion"] == f"v{target}"


OLD_NAMES = {"certSANs": ["by.hand"], "extraArgs": [{"name": "audit-log-maxage", "value": "7"}], "timeoutForX": "1m"}
KUBELET = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "maxPods": 99}
PROXY = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration", "mode": "ipvs"}


@pytest.mark.parametrize("change", [{}, *({key: value} for key, value in CHANGED.items()), {"apiServer": OLD_NAMES}])
def test_what_is_uploaded_later_changes_the_certificates_names_only(change):
    there = KEPT | change
    kept = kubeadm.Kept(yaml.safe_dump(there), yaml.safe_dump(KUBELET), yaml.safe_dump(PROXY))
    found = documents(kubeadm.init_config(CLUSTER, MASTERS[0], None, SHARED, kept))
    names = ["172.30.0.10", "localhost", "127.0.0.1", "api.example"]
    assert found["ClusterConfiguration"] == there | {"apiServer": there["apiServer"] | {"certSANs": names}}
    assert (found["KubeletConfiguration"], found["KubeProxyConfiguration"]) == (KUBELET, PROXY)


def test_a_restored_master_starts_as_people_configured_it():
    kept = kubeadm.Kept(yaml.safe_dump(KEPT | CHANGED))
    restoring = replace(CLUSTER, restore_from="/srv/demo.db")
    found = documents(kubeadm.bootstrap_config(restoring, MASTERS, MASTERS[1], TOKEN, SHARED, kept))
    config = found["ClusterConfiguration"]
    assert config["apiServer"]["extraArgs"] == CHANGED["apiServer"]["extraArgs"]
    extra = arguments(config["etcd"]["local"]["extraArgs"])
    assert extra["quota-backend-bytes"] == "8589934592"
    assert extra["initial-cluster-state"] == "existing"
    assert config["etcd"]["local"]["dataDir"] == "/var/lib/etcd"  # where the snapshot's data are put


@pytest.mark.parametrize(
    ("kept", "log"),
    [("", "/var/lib/etcd/member/wal"), (yaml.safe_dump(KEPT | CHANGED), "/srv/etcd/member/wal")],
)
def test_an_etcd_that_has_data_does_not_start_without_them(kept, log):
    (volume,) = yaml.safe_load(kubeadm.etcd_patch(kept))["spec"]["volumes"]
    assert volume["hostPath"] == {"path": log, "type": "Directory"}
