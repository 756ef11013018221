# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In an upgrade a master is lost, a worker dies, or is replaced; after it a master loses its etcd's data."""

from __future__ import annotations

import base64
import copy
import os

import pytest
import yaml
from support.asker import Asker
from support.cluster import NEW, OLD, TestCluster
from support.kube import Writer, served
from support.machines import MASTERS
from support.playbooks import Outcome, kill, read_until
from support.upgrades import SPACE, budget

ETCD = "/etc/kubernetes/manifests/etcd.yaml"
INHERITED = ("csk.dev/origin", "csk.dev/added-at", "csk.dev/nodepool", "topology.kubernetes.io/zone", "tier")


def test_a_master_is_lost_in_the_middle(old: TestCluster) -> None:
    """It comes back with the target's release, for kubeadm's configuration says that by then; the upgrade goes on."""
    cluster = old
    with cluster.playbooks.started("upgrade", file=cluster.file, csk_upgrade_to="1.37") as process:
        text = read_until(process, r"^TASK \[.*Wait until the master is well")
        text += read_until(process, r"^TASK \[.*Empty the master")
        kill(process)
    cluster.machines.remove("master-3")
    cluster.upgrade().refused("masters master-3: aren't Ready", "csk.kubernetes.create")
    larger = copy.deepcopy(cluster.file)
    larger["csk_nodepools"][0]["desired_size"] = 3
    cluster.playbooks.run("create", file=larger).refused("csk_nodepools[0]", "no pool changes while an upgrade")
    cluster.create().good()
    assert cluster.kube.ready() == cluster.nodes
    assert cluster.versions() == dict.fromkeys(cluster.nodes, f"v{OLD}") | {
        "master-1": f"v{NEW}",
        "master-3": f"v{NEW}",
    }
    assert [m["health"] for m in cluster.kube.etcd("master-1", "endpoint", "health", "--cluster")] == [True] * 3


def test_a_worker_dies_in_the_middle(old: TestCluster, service: str) -> None:
    cluster = old
    # With one worker left, the budget would be in the way.
    cluster.kube("delete", "deployment,pdb", "echo", "-n", SPACE)
    with cluster.playbooks.started("upgrade", file=cluster.file, csk_upgrade_to="1.37") as process:
        text = read_until(process, r"^TASK \[.*Bring CoreDNS and kube-proxy")
        cluster.machines.kill("default-2")
        rest, _nothing = process.communicate(timeout=600)
    stopped = Outcome(process.returncode, text + rest, 0)
    stopped.refused("node default-2: died while others were upgraded", "accept: [dead_workers]", "goes on from there")
    expected = dict.fromkeys(cluster.nodes, f"v{NEW}") | {"default-2": f"v{OLD}"}
    assert cluster.versions() == expected
    cluster.create().refused(f"an upgrade of {cluster.name} to {NEW} is under way")
    cluster.upgrade().refused("workers default-2: aren't Ready", "leave them out")
    gone_on = cluster.upgrade(options={"accept": ["dead_workers"]}).good()
    assert "default-2: left out" in gone_on.text
    cluster.file["csk_cluster"]["version"] = "1.37"
    assert "default-2: start the machine" in cluster.create().good().text
    assert cluster.versions() == expected
    assert cluster.kube.ready() == cluster.nodes


def test_a_new_machine_takes_a_workers_place(old: TestCluster, service: str) -> None:
    cluster, kube = old, old.kube
    kube.apply(*served(SPACE, 2))
    budget(cluster, 1)
    kube("rollout", "status", "deployment/echo", "-n", SPACE, "--timeout=120s")
    before, states = kube.nodes(), cluster.machines.states()
    planned = cluster.upgrade("--check", options={"workers": "replace"}).good()
    assert "new machines for default-2, which go then" in planned.text
    limited = cluster.file | {"csk_upgrade_options": {"workers": "replace"}, "csk_quotas": {"nodes": 5}}
    cluster.playbooks.run("upgrade", file=limited, csk_upgrade_to="1.37").refused(
        "csk_upgrade_options.workers", "a cluster has at most 5 nodes"
    )
    with Asker(service, keep=True) as kept, Asker(service, keep=False) as fresh:
        asked = cluster.file | {"csk_upgrade_options": {"workers": "replace", "pause": "first_batch"}}
        keyboard, terminal = os.openpty()
        with cluster.playbooks.started("upgrade", file=asked, stdin=terminal, csk_upgrade_to="1.37") as process:
            text = read_until(process, "default-2 upgraded. Enter goes on")
            os.write(keyboard, b"\r")
            rest, _nothing = process.communicate(timeout=600)
        Outcome(process.returncode, text + rest).good()
    assert (kept.failed, fresh.failed) == ([], [])
    after = kube.nodes()
    (new,) = set(after) - set(before)
    assert set(before) - set(after) == {"default-2"}
    assert set(cluster.versions().values()) == {f"v{NEW}"}
    for label in INHERITED:
        assert after[new]["metadata"]["labels"][label] == before["default-2"]["metadata"]["labels"][label]
    assert after[new]["status"]["allocatable"]["pods"] == "64"
    assert [taint["key"] for taint in after[new]["spec"]["taints"]] == ["tier"]
    # Who has the target already is left alone.
    assert {name: state for name, state in cluster.machines.states().items() if name != new} == {
        name: state for name, state in states.items() if name != "default-2"
    }
    assert not cluster.upgrade(options={"workers": "replace"}).good().changed
    assert "bootstrap-token" not in kube("get", "secrets", "-n", "kube-system", "-o", "name")
    cluster.load()
    kube("rollout", "status", "deployment/echo", "-n", SPACE, "--timeout=120s")
    cluster.whole()


def as_kubeadm_writes_it(cluster: TestCluster, master: str) -> None:
    """Let etcd's manifest be that of an upgrade by kubeadm alone: it names only its own member, as a new cluster."""
    pod = yaml.safe_load(cluster.machines(master, "cat", ETCD))
    (container,) = pod["spec"]["containers"]
    own = f"--initial-cluster={master}=https://{cluster.machines.address(master)}:2380"
    flags = [flag for flag in container["command"] if not flag.startswith("--initial-cluster")]
    container["command"] = [*flags, own]
    for entry in (container["volumeMounts"], pod["spec"]["volumes"]):
        entry[:] = [item for item in entry if item["name"] != "etcd-log"]
    text = base64.b64encode(yaml.safe_dump(pod).encode()).decode()
    cluster.machines(master, "sh", "-c", f"echo {text} | base64 -d > /run/etcd.yaml && mv /run/etcd.yaml {ETCD}")


@pytest.mark.parametrize(
    ("alone", "why"), [(False, "its etcd lost its data"), (True, "its etcd is another cluster")], ids=["csk", "kubeadm"]
)
def test_an_etcd_without_data_is_no_second_cluster(old: TestCluster, alone: bool, why: str) -> None:
    cluster, kube, machines = old, old.kube, old.machines
    cluster.upgrade().good()
    cluster.file["csk_cluster"]["version"] = "1.37"
    victim = machines.holder(cluster.record.endpoint)
    others = [name for name in MASTERS if name != victim]
    manifest = machines(victim, "cat", ETCD)
    assert all(f"{name}=https://{machines.address(name)}:2380" in manifest for name in MASTERS)
    assert "--initial-cluster-state=existing" in manifest
    if alone:
        as_kubeadm_writes_it(cluster, victim)
        kube.until(
            lambda: cluster.is_ready() and len(kube.etcd(others[0], "endpoint", "health", "--cluster")) == 3, 120
        )
    with Writer(kube.client(), f"emptied-{alone}".lower()) as writer:
        machines.lose_etcd(victim)
        ready = ("curl", "--silent", "--insecure", "https://127.0.0.1:6443/readyz")
        if alone:
            kube.until(lambda: machines(victim, *ready, check=False) == "ok", 120)
        kube.until(lambda: why in cluster.playbooks.run("info", csk_name=cluster.name).good().text, 120)
        writer.more(20, 60)
        assert machines.holder(cluster.record.endpoint) != victim
        cluster.playbooks.run("renew", csk_name=cluster.name).refused(f"node {victim}", why, "csk.kubernetes.create")
        assert f"{victim}: {why}" in cluster.create("--check").good().text
        assert cluster.create().good().changed.get(f"{cluster.name}.{victim}")
        writer.more(5, 60)
    for master in MASTERS:
        assert not writer.lost(kube.client(f"https://{machines.address(master)}:6443")), master
    cluster.whole()
