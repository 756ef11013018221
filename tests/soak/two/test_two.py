# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second cluster, made with one fork, a pool that sorts before the masters, nftables and host-gw, by a user whose
settings are meant for other work; then it is deleted while the first one is used.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.cluster import TestCluster
from support.playbooks import Playbooks, cluster_file

NAME = "test-two"
FILE = cluster_file(NAME, endpoint_sans=["api.test-two.example"], proxy_mode="nftables", flannel_backend="host-gw") | {
    "csk_nodepools": [
        {
            "name": "alpha",
            "desired_size": 1,
            "zones": ["zone-b"],
            "labels": {"csk-test.example/kind": "batch"},
            "taints": [{"key": "kind", "value": "batch", "effect": "PreferNoSchedule"}],
        }
    ]
}


PROXY = "http://proxy.test-two.example:3128"


@pytest.fixture(scope="module")
def two(cluster: TestCluster, playbooks: Playbooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCluster]:
    """The second cluster, beside the first one."""
    made = TestCluster(playbooks, FILE)
    folder = tmp_path_factory.mktemp("user")
    (folder / "config.json").write_text(json.dumps({"proxies": {"default": {"httpProxy": PROXY, "httpsProxy": PROXY}}}))
    inventory = folder / "hosts.ini"
    inventory.write_text("localhost ansible_connection=ssh ansible_host=192.0.2.1 ansible_python_interpreter=/none\n")
    # Nobody could become root here by this method, neither on the controller nor on a machine.
    become = {"ANSIBLE_BECOME": "1", "ANSIBLE_BECOME_METHOD": "ansible.builtin.su", "ANSIBLE_BECOME_EXE": "/none"}
    docker = {"DOCKER_CONFIG": str(folder), "DOCKER_TLS_VERIFY": "1"}
    made.create("-i", str(inventory), env={"ANSIBLE_FORKS": "1"} | become | docker).good()
    yield made
    made.delete()


def test_it_is_whole(two: TestCluster) -> None:
    assert two.kube.ready() == ["alpha-1", "master-1", "master-2", "master-3"]
    two.whole()


def test_nothing_of_the_docker_commands_proxies_arrives(two: TestCluster) -> None:
    assert two.kube.ready()
    for name in two.nodes:
        assert PROXY not in two.machines(name, "cat", "/proc/1/environ")
    assert PROXY not in two.machines("master-1", "sh", "-c", "cat /etc/kubernetes/manifests/*")


def test_the_pools_settings_arrive(two: TestCluster) -> None:
    node = two.kube.nodes()["alpha-1"]
    assert node["metadata"]["labels"]["csk-test.example/kind"] == "batch"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "zone-b"
    assert {"key": "kind", "value": "batch", "effect": "PreferNoSchedule"} in node["spec"]["taints"]


def test_the_endpoints_names_are_in_the_certificate(two: TestCluster) -> None:
    text = two.machines("master-2", "openssl", "x509", "-noout", "-text", "-in", "/etc/kubernetes/pki/apiserver.crt")
    assert "DNS:api.test-two.example" in text
    assert f"IP Address:{two.record.endpoint}" in text


def test_deleting_it_disturbs_nobody(two: TestCluster, cluster: TestCluster) -> None:
    first, second = cluster, two
    machines, pods = first.machines.states(), restarts(first)
    failures: list[str] = []
    stop = threading.Event()

    def use() -> None:
        core = first.kube.client()
        while not stop.wait(0.1):
            try:
                core.list_node(_request_timeout=(5, 10))
            except Exception as error:
                failures.append(str(error))

    user = threading.Thread(target=use)
    user.start()
    time.sleep(0.5)
    deleted = second.delete()
    time.sleep(0.5)
    stop.set()
    user.join()
    deleted.good()
    assert failures == []
    assert first.machines.states() == machines
    assert restarts(first) == pods
    assert second.machines.left() == []
    assert not second.kubeconfig.parent.exists()
    assert second.delete().good().changed == {}


def restarts(cluster: TestCluster) -> dict[str, Any]:
    pods = cluster.kube.pods("-n", "kube-system")
    return {name: item["status"]["containerStatuses"][0]["restartCount"] for name, item in pods.items()}
