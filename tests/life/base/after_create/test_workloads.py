# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people run on a cluster, on all its nodes and between them."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.cluster import TestCluster
from support.kube import pod, template, until, workload

PORTS = [{"port": 80, "targetPort": 8080}]


def service(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": PORTS, **spec},
    }


def two_pods(cluster: TestCluster, namespace: str, **more: Any) -> dict[str, Any]:
    """A server on one worker and a pod on the other one."""
    cluster.kube.apply(
        pod("server", namespace, "default-1", "serve", **more), pod("client", namespace, "default-2", "serve")
    )
    cluster.kube.wait("pod", "condition=Ready", "--all", "-n", namespace)
    return cluster.kube.pods("-n", namespace)


def test_between_nodes(cluster: TestCluster, namespace: str) -> None:
    kube = cluster.kube
    pods = two_pods(cluster, namespace)
    kube.apply(service("server", namespace))

    def ask(url: str) -> str:
        return kube.in_pod("client", "/bin/echo", "get", url, namespace=namespace)

    assert ask(f"http://{pods['server']['status']['podIP']}:8080/").startswith("server ")
    address = kube.get("service", "server", "-n", namespace)["spec"]["clusterIP"]
    until(
        lambda: (
            kube.run("exec", "-n", namespace, "client", "--", "/bin/echo", "get", f"http://{address}/").returncode == 0
        ),
        20,
    )
    assert ask(f"http://server.{namespace}.svc.cluster.local/").startswith("server ")
    found = kube.in_pod("client", "/bin/echo", "lookup", "kubernetes.default", namespace=namespace)
    assert "172.21.0.1" in found


def test_dns_outside(cluster: TestCluster, namespace: str) -> None:
    name = next((name for name in outside_names() if resolves(name)), None)
    if name is None:
        pytest.skip("this machine itself resolves none of the names that its configuration holds")
    cluster.kube.apply(pod("client", namespace, "default-1", "lookup", name, restartPolicy="Never"))
    cluster.kube.wait("pod/client", "jsonpath={.status.phase}=Succeeded", "-n", namespace, seconds=60)


def outside_names() -> list[str]:
    """Hosts that this machine's own package clients are told to use."""
    asked = ["sh", "-c", "go env GOPROXY"]  # nothing where there is no go
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split(",")
    for folder, ending in (("/etc/apt", "*.list"), ("/etc/apt/sources.list.d", "*.sources")):
        for path in Path(folder).glob(ending):
            found += re.findall(r"https?://\S+", path.read_text(errors="replace"))
    return [name for name in (urlsplit(url.strip()).hostname for url in found) if name]


def resolves(name: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(socket.getaddrinfo(name, 443))
    return False


def test_logs_exec_and_port_forward(cluster: TestCluster, namespace: str) -> None:
    kube = cluster.kube
    two_pods(cluster, namespace)
    kube.in_pod("server", "/bin/echo", "get", "http://127.0.0.1:8080/mark", namespace=namespace)
    assert "asked for /mark" in kube("logs", "-n", namespace, "server")
    assert kube.in_pod("server", "/bin/echo", "pass", "said", namespace=namespace) == "said\n"
    command = [kube.kubectl, "--kubeconfig", kube.kubeconfig, "port-forward", "-n", namespace, "pod/server", ":8080"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forward:
        try:
            assert forward.stdout is not None
            port = re.search(r"127\.0\.0\.1:(\d+)", forward.stdout.readline())
            assert port
            assert fetch(f"http://127.0.0.1:{port[1]}/").startswith("server ")
        finally:
            forward.terminate()


def fetch(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return answer.read().decode()


def test_deployment_rolls(cluster: TestCluster, namespace: str) -> None:
    kube = cluster.kube

    def version(text: str) -> dict[str, Any]:
        ready = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}
        env = [{"name": "VERSION", "value": text}]
        return workload(
            "Deployment", "web", namespace, "serve", container={"env": env, "readinessProbe": ready}, replicas=3
        )

    kube.apply(version("v1"), service("web", namespace))
    kube("rollout", "status", "deployment/web", "-n", namespace, "--timeout=120s")
    kube.apply(version("v2"))
    kube("rollout", "status", "deployment/web", "-n", namespace, "--timeout=120s")
    kube.apply(pod("client", namespace, None, "serve"))
    kube.wait("pod/client", "condition=Ready", "-n", namespace)
    said = {kube.in_pod("client", "/bin/echo", "get", "http://web/", namespace=namespace).split()[1] for _ in range(4)}
    assert said == {"v2"}


def test_daemonset_statefulset_job(cluster: TestCluster, namespace: str) -> None:
    kube = cluster.kube
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once", "namespace": namespace},
        "spec": {"template": {"spec": template("pass", "done", restartPolicy="Never")}},
    }
    everywhere = {"tolerations": [{"operator": "Exists"}]}
    kube.apply(
        workload("DaemonSet", "each", namespace, "serve", pod=everywhere),
        service("ordered", namespace, clusterIP="None"),
        workload("StatefulSet", "ordered", namespace, "serve", replicas=2, serviceName="ordered"),
        job,
    )
    kube("rollout", "status", "daemonset/each", "-n", namespace, "--timeout=180s")
    kube("rollout", "status", "statefulset/ordered", "-n", namespace, "--timeout=180s")
    kube.wait("job/once", "condition=Complete", "-n", namespace)
    assert kube("logs", "-n", namespace, "job/once") == "done\n"
    each = kube.pods("-n", namespace, "-l", "app=each")
    assert sorted(p["spec"]["nodeName"] for p in each.values()) == cluster.nodes
    # From one pod of the StatefulSet the other one has a name, and every node's pod answers.
    asked = [f"http://ordered-1.ordered.{namespace}.svc.cluster.local:8080/"]
    asked += [f"http://{p['status']['podIP']}:8080/" for p in each.values()]
    for url in asked:
        kube.in_pod("ordered-0", "/bin/echo", "get", url, namespace=namespace)


def test_nodeport(cluster: TestCluster, namespace: str) -> None:
    cluster.kube.apply(pod("server", namespace, "default-1", "serve"), service("server", namespace, type="NodePort"))
    cluster.kube.wait("pod/server", "condition=Ready", "-n", namespace)
    port = cluster.kube.get("service", "server", "-n", namespace)["spec"]["ports"][0]["nodePort"]
    for node in cluster.nodes:
        until(lambda node=node: _answers(f"http://{cluster.machines.address(node)}:{port}/"), 20)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        return fetch(url).startswith("server ")
    return False


def test_a_bandwidth_limit_limits(cluster: TestCluster, namespace: str) -> None:
    kube = cluster.kube
    slow = pod("slow", namespace, "default-1", "serve")
    slow["metadata"]["annotations"] = {"kubernetes.io/egress-bandwidth": "10M"}
    kube.apply(slow)
    pods = two_pods(cluster, namespace)

    def speed(name: str) -> float:
        url = f"http://{pods[name]['status']['podIP']}:8080/big"
        return float(kube.in_pod("client", "/bin/echo", "speed", url, "8", namespace=namespace)) * 8

    limited, free = speed("slow"), speed("server")
    assert limited < 20e6, f"{limited / 1e6:.0f} Mbit/s"
    assert free > 5 * limited, f"{free / 1e6:.0f} Mbit/s against {limited / 1e6:.0f}"
