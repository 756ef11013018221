# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as its users see it: kubectl, and a client of one API server or of the endpoint that keeps writing."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ECHO = "csk.test/echo:1"
UNAVAILABLE = 10  # seconds without an acknowledged write that mean that something was wrong, on the busiest machine
PKI = "/etc/kubernetes/pki/etcd"
ETCD = ("etcdctl", f"--cacert={PKI}/ca.crt", f"--cert={PKI}/server.crt", f"--key={PKI}/server.key")


@dataclass(frozen=True)
class Kube:
    """kubectl with a cluster's kubeconfig."""

    kubectl: Path
    kubeconfig: Path

    def run(self, *arguments: str, stdin: str | None = None, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """Run kubectl, however it ends."""
        command = [self.kubectl, "--kubeconfig", self.kubeconfig, *arguments]
        return subprocess.run(command, input=stdin, text=True, check=False, timeout=seconds, capture_output=True)

    def __call__(self, *arguments: str, stdin: str | None = None, seconds: float = 180) -> str:
        """Run kubectl, which must succeed, and return what it printed."""
        done = self.run(*arguments, stdin=stdin, seconds=seconds)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def get(self, *arguments: str) -> Any:
        """What ``kubectl get`` answers, as a structure."""
        return json.loads(self("get", *arguments, "-o", "json"))

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change objects."""
        self("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def wait(self, what: str, condition: str, *arguments: str, seconds: int = 180) -> None:
        """Wait for a condition, for example ``condition=Ready``."""
        self("wait", what, f"--for={condition}", f"--timeout={seconds}s", *arguments, seconds=seconds + 30)

    def nodes(self) -> dict[str, Any]:
        """The Nodes by name."""
        return {node["metadata"]["name"]: node for node in self.get("nodes")["items"]}

    def ready(self) -> list[str]:
        """The names of the Nodes that are Ready."""
        return sorted(
            name
            for name, node in self.nodes().items()
            if any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"]["conditions"])
        )

    def pods(self, *arguments: str) -> dict[str, Any]:
        """Pods by name."""
        return {pod["metadata"]["name"]: pod for pod in self.get("pods", *arguments)["items"]}

    def in_pod(self, pod: str, *command: str, namespace: str = "default") -> str:
        """What a command prints in a pod."""
        return self("exec", "-n", namespace, pod, "--", *command)

    def etcd(self, node: str, *arguments: str) -> Any:
        """What etcdctl answers in a master's etcd pod, as a structure."""
        return json.loads(self.etcd_text(node, *arguments, "--write-out=json").splitlines()[-1])

    def etcd_text(self, node: str, *arguments: str) -> str:
        """What etcdctl prints in a master's etcd pod."""
        return self.in_pod(f"etcd-{node}", *ETCD, *arguments, namespace="kube-system")

    @contextlib.contextmanager
    def namespace(self, name: str) -> Iterator[str]:
        """A namespace for one test; what is in it goes at the end."""
        self.run("delete", "namespace", name, "--ignore-not-found")
        self("create", "namespace", name)
        self.until(lambda: self.run("get", "serviceaccount", "default", "-n", name).returncode == 0, 60)
        yield name
        self.run("delete", "namespace", name, "--wait=false")

    @staticmethod
    def until(done: Callable[[], Any], seconds: float, every: float = 0.3) -> Any:
        """Ask until the answer is true, and return it."""
        return until(done, seconds, every)

    def client(self, server: str | None = None) -> Any:
        """The Python client's core API, of one API server (``https://ADDRESS:6443``) or of the endpoint."""
        from kubernetes import client, config

        api = config.new_client_from_config(config_file=str(self.kubeconfig), persist_config=False)
        api.configuration.retries = False
        api.configuration.no_proxy = "*"
        api.configuration.proxy = None
        if server:
            api.configuration.host = server
        return client.CoreV1Api(client.ApiClient(api.configuration))


def until(done: Callable[[], Any], seconds: float, every: float = 0.3) -> Any:
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + seconds
    while not (answer := done()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(every)
    return answer


def pod(name: str, namespace: str, node: str | None, *command: str, **more: Any) -> dict[str, Any]:
    """A pod of the test image.

    :param node: where it has to run.
    :param command: what the image's program gets, for example ``serve``.
    """
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}} | more.pop("metadata", {})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template(*command, node=node, **more)}


def template(*command: str, node: str | None = None, **more: Any) -> dict[str, Any]:
    """A pod's specification with one container of the test image."""
    container = {"name": "echo", "image": ECHO, "args": list(command)} | more.pop("container", {})
    where = {"nodeSelector": {"kubernetes.io/hostname": node}} if node else {}
    return {"containers": [container], "terminationGracePeriodSeconds": 0, **where, **more}


def workload(kind: str, name: str, namespace: str, *command: str, **spec: Any) -> dict[str, Any]:
    """A Deployment, DaemonSet or StatefulSet of the test image."""
    labels = {"app": name}
    container = spec.pop("container", {})
    more = spec.pop("pod", {})
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template(*command, container=container, **more)},
            **spec,
        },
    }


def served(namespace: str, replicas: int) -> list[dict[str, Any]]:
    """A Deployment ``echo`` of the test image, spread over the nodes, and a Service on a port of each of them."""
    labels, metadata = {"app": "echo"}, {"name": "echo", "namespace": namespace}
    spread = {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}}
    spec = template(
        "serve",
        container={"readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1}},
        terminationGracePeriodSeconds=30,
        topologySpreadConstraints=[spread | {"whenUnsatisfiable": "ScheduleAnyway"}],
    )
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
         "spec": {"replicas": replicas, "selector": {"matchLabels": labels},
                  "template": {"metadata": {"labels": labels}, "spec": spec}}},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata,
         "spec": {"type": "NodePort", "selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}},
    ]  # fmt: skip


def disruption_budget(namespace: str, least: int) -> dict[str, Any]:
    """A PodDisruptionBudget that says how many of ``served``'s replicas have to be there."""
    spec = {"minAvailable": least, "selector": {"matchLabels": {"app": "echo"}}}
    metadata = {"name": "echo", "namespace": namespace}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}


@dataclass
class Writer:
    """Writes ConfigMaps through the endpoint without a pause, and remembers those that were acknowledged.

    :param patience: how long it waits for an answer, in seconds.
    :param longest: the longest time without an acknowledged write, in seconds.
    """

    core: Any
    prefix: str
    patience: float = 2
    acknowledged: list[str] = field(default_factory=list)
    longest: float = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Writer:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        until(lambda: self.acknowledged, 30)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _work(self) -> None:
        last, number = time.monotonic(), 0
        while not self._stop.is_set():
            number += 1
            name = f"{self.prefix}-{number}"
            with contextlib.suppress(Exception):
                body = {"metadata": {"name": name}, "data": {"number": str(number)}}
                self.core.create_namespaced_config_map("default", body, _request_timeout=(1, self.patience))
                self.acknowledged.append(name)
                now = time.monotonic()
                self.longest, last = max(self.longest, now - last), now
            time.sleep(0.05)

    def more(self, count: int, seconds: float) -> None:
        """Wait until so many more writes were acknowledged."""
        goal = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= goal, seconds, 0.05)

    def lost(self, core: Any) -> list[str]:
        """The acknowledged writes that an API server doesn't show."""
        there = core.list_namespaced_config_map("default", _request_timeout=(5, 30)).items
        return sorted(set(self.acknowledged) - {item.metadata.name for item in there})
