# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint leaves a master that is about to change, and its certificate gets other names."""

from __future__ import annotations

import copy
import json
import os
import ssl
import subprocess
import sys
from pathlib import Path

from support.cluster import TestCluster
from support.kube import UNAVAILABLE, Writer, until
from support.machines import MASTERS
from support.upgrades import kubeadm_config, put_flag

# What somebody put into kubeadm's configuration.
FLAGS = [{"name": "profiling", "value": "false"}]


def role(cluster: TestCluster, folder: Path, tasks: str, master: str) -> None:
    """Run one entry point of role endpoint on a master, as somebody with a playbook of their own does."""
    (folder / "csk.yml").write_text(
        json.dumps({"plugin": "csk.kubernetes.csk", "csk_home": str(cluster.playbooks.home)})
    )
    task = {"ansible.builtin.include_role": {"name": "csk.kubernetes.endpoint", "tasks_from": tasks}}
    play = {"hosts": f"{cluster.name}.{master}", "gather_facts": False, "tasks": [task]}
    (folder / "play.yml").write_text(json.dumps([play]))
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "csk.yml", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_leaves_and_may_return(healthy: TestCluster, tmp_path: Path) -> None:
    endpoint = healthy.record.endpoint
    before = healthy.machines.holder(endpoint)
    role(healthy, tmp_path, "leave", before)
    after = until(lambda: healthy.machines.holder(endpoint, without=before), 30)
    assert after != before
    assert healthy.kube.run("get", "nodes").returncode == 0
    role(healthy, tmp_path, "return", before)
    role(healthy, tmp_path, "leave", after)
    last = until(lambda: healthy.machines.holder(endpoint, without=after), 30)
    role(healthy, tmp_path, "return", after)
    assert last != after


def names(cluster: TestCluster, master: str) -> str:
    """What a master's API server's certificate is for."""
    pem = ssl.get_server_certificate((cluster.machines.address(master), 6443), timeout=5)
    done = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=pem, text=True, capture_output=True, check=True
    )
    return done.stdout


def test_its_certificate_gets_other_names_while_it_serves(healthy: TestCluster) -> None:
    cluster = healthy
    pods = {name: cluster.kube.pods("-n", "kube-system")[f"kube-apiserver-{name}"]["status"] for name in MASTERS}
    file = copy.deepcopy(cluster.file)
    file["csk_cluster"] |= {"endpoint_sans": ["api.example.test"], "tags": {"team": "shop"}}
    put_flag(cluster, FLAGS)
    planned = cluster.playbooks.run("plan", file=file).good()
    assert "change endpoint_sans, tags" in planned.text
    assert "master-3: renew the API server's certificate" in planned.text
    try:
        with Writer(cluster.kube.client(), "test-names") as writer:
            cluster.playbooks.run("create", file=file).good()
            assert all("api.example.test" in names(cluster, master) for master in MASTERS)
            writer.more(5, 30)
        assert writer.longest < UNAVAILABLE
        assert "api.example.test" in cluster.kube(
            "get", "configmap", "kubeadm-config", "-n", "kube-system", "-o", "yaml"
        )
        again = cluster.playbooks.run("create", file=file).good()
        assert not again.changed, again.text
    finally:
        cluster.create().good()  # as its file has it: without them
    assert not any("api.example.test" in names(cluster, master) for master in MASTERS)
    assert kubeadm_config(cluster)["apiServer"]["extraArgs"] == FLAGS
    cluster.whole()
    for name, status in pods.items():
        now = cluster.kube.pods("-n", "kube-system")[f"kube-apiserver-{name}"]["status"]
        assert now["containerStatuses"][0]["restartCount"] == status["containerStatuses"][0]["restartCount"]
