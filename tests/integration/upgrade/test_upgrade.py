# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster goes from 1.36 to 1.37 and nothing is dropped; before that, everything that is in its way is told."""

from __future__ import annotations

import copy
import json
import uuid
from typing import Any

import pytest
import yaml

from integration.cluster import by_hand
from integration.cluster.asker import Asker
from integration.cluster.conftest import HOME, TestCluster
from integration.cluster.kube import UNAVAILABLE, Kube, Writer, pod
from integration.cluster.machines import MASTERS

from .conftest import NEW, OLD, SPACE, budget, upgrade, versions

REMOVED = "storage.k8s.io/v1beta1/volumeattributesclasses"
# What kubeadm applies to the manifest of one master's API server.
PATCHES = "/etc/csk/kubeadm/patches"
PATCH = "kube-apiserver0+json.json"
BROKEN = json.dumps([{"op": "add", "path": "/spec/containers/0/command/-", "value": "--no-such-flag=true"}])


def kubeadm_config(cluster: TestCluster) -> dict[str, Any]:
    """The ClusterConfiguration that kubeadm keeps."""
    data = cluster.kube.get("configmap", "kubeadm-config", "-n", "kube-system")["data"]
    return yaml.safe_load(data["ClusterConfiguration"])


def put_flag(cluster: TestCluster, flags: list[dict[str, str]]) -> None:
    """Give the API servers flags in kubeadm's configuration, as a person would."""
    config = kubeadm_config(cluster)
    config["apiServer"]["extraArgs"] = flags
    patch = {"data": {"ClusterConfiguration": yaml.safe_dump(config)}}
    cluster.kube("patch", "configmap", "kubeadm-config", "-n", "kube-system", "--patch", json.dumps(patch))


def store_old(kube: Kube) -> None:
    """Have an object in etcd as an API server of long ago stored it, in a version that 1.37 removed."""
    thing = {
        "apiVersion": REMOVED.rpartition("/")[0],
        "kind": "VolumeAttributesClass",
        "metadata": {
            "name": "old",
            "uid": str(uuid.uuid4()),
            "creationTimestamp": "2025-01-01T00:00:00Z",
            "finalizers": ["kubernetes.io/vac-protection"],  # else a controller writes it anew
        },
        "driverName": "example.com",
        "parameters": {"iops": "100"},
    }
    kube.etcd("master-1", "put", "/registry/volumeattributesclasses/old", json.dumps(thing))


@pytest.mark.parametrize(
    ("to", "today", "parts"),
    [
        ("1.35", "2026-11-24", ["1.35.4 is older than 1.36.3", "no way back"]),
        ("1.37", "2026-11-17", ["from 14 days on, 2026-11-18", "Today is 2026-11-17"]),
        ("1.37", "2027-07-08", ["1.36 was valid until 2027-07-07", "csk_upgrade_options.accept: [expired]"]),
        ("1.38", "2026-11-24", ["csk_upgrade_to: '1.38' doesn't exist in the catalogue", "1.37"]),
    ],
)
def test_what_the_rules_refuse(old: TestCluster, to: str, today: str, parts: list[str]) -> None:
    upgrade(old, to=to, csk_today=today).refused("csk_upgrade_to", "Do:", *parts)
    assert old.record.upgrade_to is None


def test_every_obstacle_at_once(old: TestCluster, service: str) -> None:
    archive = HOME / "artifacts" / "releases" / NEW / "images" / "kube-proxy.tar"
    aside = archive.with_suffix(".aside")
    budget(old, 2)
    old.kube.apply(pod("alone", SPACE, "default-1", "serve"))
    old.kube.wait("pod/alone", "condition=Ready", "-n", SPACE)
    old.machines("master-3", "systemctl", "stop", "kubelet")
    store_old(old.kube)
    archive.rename(aside)
    try:
        refused = old.playbooks.run("plan", file=old.file, csk_upgrade_to="1.37")
    finally:
        aside.rename(archive)
        old.machines("master-3", "systemctl", "start", "kubelet")
    refused.refused(
        "images/kube-proxy.tar is missing",
        "masters master-3: aren't Ready",
        f"PodDisruptionBudget {SPACE}/echo: allows no disruption now",
        f"pod {SPACE}/alone on default-1: no controller would make it again",
        "csk_upgrade_options.accept: [pods]",
        f"API {REMOVED}: objects that are stored in it: 1",
    )
    listed = old.kube("get", "volumeattributesclasses", "-o", "json")  # as the message says
    old.kube("replace", "-f", "-", stdin=listed)
    upgrade(old, options={"accept": ["all"]}).refused("'all'", "no obstacle's name")
    upgrade(old, options={"max_unavailable": 0}).refused("max_unavailable", "'0'", "1 or more")
    upgrade(old, options={"surge": 1}).refused("surge", "there is no such option")
    old.kube("delete", "pod", "alone", "-n", SPACE)
    budget(old, 1)
    old.kube.until(lambda: old.kube.ready() == old.nodes, 60)


def test_a_master_that_can_not_start_is_put_back(old: TestCluster, service: str) -> None:
    put_flag(old, [{"name": "no-such-flag", "value": "true"}])
    failed = upgrade(old)
    failed.refused("node master-1", "wasn't upgraded", "put back to 1.36.3, and it is well", "no-such-flag")
    assert set(versions(old).values()) == {f"v{OLD}"}
    assert old.record.upgrade_to is None
    put_flag(old, [{"name": "profiling", "value": "false"}])
    old.whole()


def test_nothing_is_dropped(old: TestCluster, service: str) -> None:
    """The third master can't start at first; it is put back, and the upgrade goes on when its cause is gone."""
    cluster, kube = old, old.kube
    planned = upgrade(cluster, "--check").good()
    assert "master-1: upgrade the master to 1.37.2" in planned.text
    assert set(versions(cluster).values()) == {f"v{OLD}"}
    with (
        Asker(service, keep=True) as kept,
        Asker(service, keep=False) as fresh,
        # It waits for long: what was asked while the endpoint moved is answered, or ends at once.
        Writer(kube.client(), "upgrade", patience=3 * UNAVAILABLE) as writer,
    ):
        cluster.machines("master-3", "sh", "-c", f"mkdir -p {PATCHES} && echo '{BROKEN}' > {PATCHES}/{PATCH}")
        failed = upgrade(cluster)
        failed.refused("node master-3", "wasn't upgraded", "put back to 1.36.3, and it is well", "no-such-flag")
        assert versions(cluster) == dict.fromkeys(cluster.nodes, f"v{OLD}") | dict.fromkeys(MASTERS[:2], f"v{NEW}")
        assert kube.ready() == cluster.nodes
        assert [m["health"] for m in kube.etcd("master-1", "endpoint", "health", "--cluster")] == [True] * 3
        cluster.machines("master-3", "rm", f"{PATCHES}/{PATCH}")
        done = upgrade(cluster).good()
    assert (kept.failed, fresh.failed) == ([], [])
    assert min(kept.answered, fresh.answered) > 100
    assert writer.longest < UNAVAILABLE
    print(f"upgrade: {done.seconds:.0f} s; longest without an acknowledged write: {writer.longest:.1f} s")
    for name in MASTERS:
        assert not writer.lost(kube.client(f"https://{cluster.machines.address(name)}:6443"))
    assert set(versions(cluster).values()) == {f"v{NEW}"}
    again = upgrade(cluster).good()
    assert not again.changed, again.text


def test_what_it_leaves(old: TestCluster) -> None:
    cluster, kube = old, old.kube
    cluster.file["csk_cluster"]["version"] = "1.37"
    record = cluster.record
    assert (record.version, record.upgrade_to) == (NEW, None)
    assert {machine.version for machine in cluster.ledger.machines(cluster.name)} == {NEW}
    config = kubeadm_config(cluster)
    assert config["kubernetesVersion"] == f"v{NEW}"
    assert config["apiServer"]["extraArgs"] == [{"name": "profiling", "value": "false"}]
    for name in MASTERS:
        assert "--profiling=false" in cluster.machines(name, "cat", "/etc/kubernetes/manifests/kube-apiserver.yaml")
    images = {
        container["image"].rpartition("/")[2]
        for item in kube.get("pods", "-n", "kube-system")["items"]
        for container in item["spec"]["containers"]
    }
    assert images == {
        "etcd:3.7.0-0", "coredns:v1.14.6",
        *(f"kube-{name}:v{NEW}" for name in ("apiserver", "controller-manager", "scheduler", "proxy")),
    }  # fmt: skip
    for name, node in kube.nodes().items():
        assert "unschedulable" not in node["spec"]
        left = cluster.machines(
            name, "sh", "-c", "ls /etc/csk/kubeadm /var/lib/containerd/csk-release 2>&1", check=False
        )
        assert "upgrade.yaml" not in left
        assert "images" not in left
        assert NEW in cluster.machines(name, "cat", "/etc/csk/node-release")
        if name.startswith("default"):
            assert node["status"]["allocatable"]["pods"] == "64"
            assert node["metadata"]["labels"]["tier"] == "web"
            assert [taint["key"] for taint in node["spec"]["taints"]] == ["tier"]
    planned = cluster.machines("master-1", "kubeadm", "upgrade", "plan", NEW)
    assert "Cluster version: 1.37.2" in planned
    snapshots = sorted((HOME / "snapshots").glob(f"{cluster.name}-*.db"))
    assert snapshots
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in snapshots)
    actions = [line.action for line in cluster.ledger.operations(cluster.name)]
    assert "csk_upgrade well master-3" in actions
    cluster.whole()


def test_a_node_joins_after_it(old: TestCluster) -> None:
    # One that somebody joined by hand is nobody's to remove.
    with by_hand.joined(old) as name:
        file = copy.deepcopy(old.file)
        for size, there in ((3, [*old.nodes, "default-3"]), (2, old.nodes)):
            file["csk_nodepools"][0]["desired_size"] = size
            old.playbooks.run("scale", file=file).good()
            assert old.kube.ready() == sorted([*there, name])
            assert set(versions(old).values()) == {f"v{NEW}"}
