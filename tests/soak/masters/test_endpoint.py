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

import pytest
from support.cluster import TestCluster
from support.kube import UNAVAILABLE, Writer, pod, until
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


# Adverts of VRRPv3 (RFC 5798) with the highest priority: DESTINATION SOURCE ROUTER-ID ENDPOINT.
SPEAKER = """
import socket, struct, sys, time
to, source, router, endpoint = sys.argv[1:]
def checksum(data):
    words = sum(struct.unpack(f"!{len(data) // 2}H", data))
    words = (words >> 16) + (words & 0xffff)
    return ~(words + (words >> 16)) & 0xffff
addresses = socket.inet_aton(source) + socket.inet_aton(to)
body = lambda found: struct.pack("!BBBBHH", 0x31, int(router), 255, 1, 50, found) + socket.inet_aton(endpoint)
pseudo = addresses + struct.pack("!BBH", 0, 112, len(body(0)))
advert = body(checksum(pseudo + body(0)))
header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(advert), 0, 0, 255, 112, 0) + addresses
speaker = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for _ in range(40):
    speaker.sendto(header + advert, (to, 0))
    time.sleep(0.1)
"""


@pytest.mark.parametrize("place", ["default-1", "the holder"])
@pytest.mark.parametrize("source", ["its own", "a master's"])
def test_a_pod_cannot_take_it(healthy: TestCluster, place: str, source: str) -> None:
    """What is sent comes from a pod's network: of a worker, and of the master that has the endpoint."""
    record, machines = healthy.record, healthy.machines
    holder = machines.holder(record.endpoint)
    node = holder if place == "the holder" else place
    other = next(name for name in MASTERS if name != holder)
    with healthy.kube.namespace("test-vrrp") as namespace:
        anywhere = [{"operator": "Exists"}]
        healthy.kube.apply(pod("speaker", namespace, node, "echo", tolerations=anywhere))
        healthy.kube.wait("pod/speaker", "condition=Ready", "-n", namespace)
        address = healthy.kube.pods("-n", namespace)["speaker"]["status"]["podIP"]
        sandbox = machines(
            node, "crictl", "pods", "--latest", "--quiet", "--state=ready", "--namespace", namespace
        ).strip()
        inside = json.loads(machines(node, "crictl", "inspectp", sandbox))["info"]["pid"]
        sender = address if source == "its own" else machines.address(other)
        arguments = [machines.address(holder), sender, str(record.router_id), record.endpoint]
        said = f"nsenter --target {inside} --net python3 -c '{SPEAKER}' {' '.join(arguments)}"
        machines(node, "sh", "-c", said)
        assert machines.holder(record.endpoint) == holder
    dropped = [machines(name, "iptables", "-t", "mangle", "-nvxL", "CSK-VRRP") for name in {node, holder}]
    assert any(int(line.split()[0]) for text in dropped for line in text.splitlines() if "DROP" in line), dropped


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
