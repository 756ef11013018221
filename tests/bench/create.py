#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how long csk takes to create three masters and two workers, beside kubeadm init and join in sequence.

Both make the same cluster in one run: the same machines from the same image, endpoint, network plugin, kubeadm
configuration and add-ons. The sequence is kubeadm's own, without csk's phases, without idle waits. Both end when all
Nodes are Ready and CoreDNS, kube-proxy and flannel are available. Times and ratios are printed and written to a file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible.plugins.loader import init_plugin_loader

# What is measured is the installed collection, as Ansible finds it; only then it can be imported.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineSpec  # noqa: E402
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine  # noqa: E402
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider  # noqa: E402
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import kubeadm, nodenet, pki  # noqa: E402
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec  # noqa: E402

VERSION = "1.36.3"
TODAY = "2026-11-24"
HOME = Path(os.environ["CSK_HOME"])
KUBECTL = HOME / "artifacts" / "releases" / VERSION / "bin" / "kubectl"
FLANNEL = Path(sys.argv[1])  # the network role's template
RESULT = Path(sys.argv[2])
ROUNDS = int(os.environ.get("CSK_BENCH_ROUNDS", "2"))
NAMES = ("master-1", "master-2", "master-3", "default-1", "default-2")

Steps = dict[str, float]


@contextmanager
def timed(steps: Steps, title: str) -> Iterator[None]:
    """Note the seconds of a step."""
    start = time.monotonic()
    yield
    steps[title] = time.monotonic() - start


def playbook(name: str, *arguments: str) -> str:
    """Run a playbook of the installed collection; its output."""
    command = ["ansible-playbook", f"csk.kubernetes.{name}", "-e", f"csk_today={TODAY}", *arguments]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return done.stdout


def by_csk() -> tuple[Steps, Steps]:
    """Create, repeat and delete a cluster by the playbooks.

    :returns: the seconds of each step of create, and of the three playbooks.
    """
    variables = json.dumps(
        {
            "csk_cluster": {"name": "test-bench", "version": VERSION, "zones": ["a", "b", "c"]},
            "csk_nodepools": [{"name": "default", "desired_size": 2}],
        }
    )
    whole: Steps = {}
    with timed(whole, "create"):
        output = playbook("create", "-e", variables)
    steps = {title: float(seconds) for seconds, title in re.findall(r"^ +([\d.]+) s  (.+)$", output, re.MULTILINE)}
    with timed(whole, "create again, nothing to do"):
        playbook("create", "-e", variables)
    with timed(whole, "delete"):
        playbook("delete", "-e", "csk_name=test-bench", "-e", "csk_confirm=test-bench")
    return steps, whole


class Sequence:
    """The same cluster by kubeadm init and join, one node after another."""

    name = "test-sequence"

    def __init__(self) -> None:
        spec = {key: option.get("default") for key, option in argspec.settings("csk_cluster").items()}
        network = "172.30.250"
        self.cluster = Cluster(
            id=str(uuid.uuid4()),
            name=self.name,
            account="default",
            version=VERSION,
            spec=spec,
            status="creating",
            vpc_cidr=f"{network}.0/24",
            endpoint=f"{network}.10",
            etcd_token="",
            created_at=datetime.now(UTC),
        )
        self.machines = [
            Machine(
                self.name, name, "master" if "master" in name else "worker", None, "a", f"{network}.{11 + i}", "create",
                datetime.now(UTC),
            )
            for i, name in enumerate(NAMES)
        ]  # fmt: skip
        self.masters = [machine for machine in self.machines if machine.role == "master"]
        self.provider = ContainerProvider(artifacts=HOME / "artifacts" / "releases")

    def measure(self) -> Steps:
        """Make the cluster, and take it away again."""
        steps: Steps = {}
        self.provider.delete(self.name)
        try:
            with timed(steps, "machines"):
                self._machines()
            with timed(steps, "kubeadm init"):
                self._kubeadm("master-1", "init", "--config", "/root/init.yaml", "--upload-certs")
            with timed(steps, "network plugin"):
                self._network()
            join = self._kubectl_node("kubeadm", "token", "create", "--print-join-command").split()[1:]
            key = self._kubectl_node("kubeadm", "init", "phase", "upload-certs", "--upload-certs").split()[-1]
            ignore = f"--ignore-preflight-errors={','.join(kubeadm.IN_A_CONTAINER)}"
            for master in self.masters[1:]:
                with timed(steps, f"kubeadm join {master.name}"):
                    self._kubeadm(master.name, *join, ignore, "--control-plane", "--certificate-key", key)
            for machine in self.machines[3:]:
                with timed(steps, f"kubeadm join {machine.name}"):
                    self._kubeadm(machine.name, *join, ignore)
            with timed(steps, "waiting until all is ready"):
                self._wait()
        finally:
            self.provider.delete(self.name)
        return steps

    def _machines(self) -> None:
        dns = " ".join(self.provider.nameservers())
        specs = [
            MachineSpec(name=machine.name, address=machine.address, image=VERSION, env={"CSK_DNS": dns})
            for machine in self.machines
        ]
        self.provider.ensure_network(self.name, self.cluster.id, self.cluster.vpc_cidr)
        self.provider.create(self.name, self.cluster.id, specs)
        template = nodenet.conflist_template(self.cluster, self.provider.mtu())
        with ThreadPoolExecutor(len(NAMES)) as pool:
            list(pool.map(lambda machine: self._put(machine.name, nodenet.CONFLIST_TEMPLATE, template), self.machines))
            list(pool.map(self._endpoint, self.masters))
        self._put("master-1", f"{kubeadm.PATCHES}/corednsdeployment.yaml", kubeadm.coredns_patch(self.cluster))
        token = pki.bootstrap_token()
        self._put(
            "master-1",
            "/root/init.yaml",
            kubeadm.init_config(self.cluster, self.machines[0], token, [m.name for m in self.machines]),
        )

    def _endpoint(self, master: Machine) -> None:
        self._put(master.name, nodenet.ENDPOINT_CHECK, nodenet.ENDPOINT_CHECK_SCRIPT)
        self._run(master.name, "chmod", "755", nodenet.ENDPOINT_CHECK)
        configuration = nodenet.keepalived(self.cluster, master, self.masters)
        self._put(master.name, "/etc/keepalived/keepalived.conf", configuration)

    def _network(self) -> None:
        from jinja2 import Environment

        environment = Environment(autoescape=False)  # noqa: S701  YAML for kubectl, not a page
        environment.filters["to_json"] = json.dumps
        text = environment.from_string(FLANNEL.read_text("utf-8")).render(
            network_pod_cidr=self.cluster.spec["pod_cidr"],
            network_flannel_backend=self.cluster.spec["flannel_backend"],
            network_endpoint=self.cluster.endpoint,
            network_flannel_image="ghcr.io/flannel-io/flannel:v0.27.4",
        )
        # The endpoint may be on its way to the first master.
        command = "for n in $(seq 100); do kubectl apply --filename /root/network.yaml && exit; sleep 0.2; done; exit 1"
        self._put("master-1", "/root/network.yaml", text)
        self._kubectl_node("sh", "-c", command)

    def _wait(self) -> None:
        workloads = (
            ("kube-system", "deployment/coredns"),
            ("kube-system", "ds/kube-proxy"),
            ("kube-flannel", "ds/kube-flannel-ds"),
        )
        self._kubectl_node("kubectl", "wait", "--for=condition=Ready", "node", "--all", "--timeout=120s")
        for namespace, workload in workloads:
            self._kubectl_node("kubectl", "-n", namespace, "rollout", "status", workload, "--timeout=120s")

    def _kubeadm(self, node: str, *arguments: str) -> str:
        return self._run(node, "kubeadm", *arguments)

    def _kubectl_node(self, *command: str, stdin: str | None = None) -> str:
        return self._run("master-1", *command, stdin=stdin, KUBECONFIG="/etc/kubernetes/admin.conf")

    def _put(self, node: str, path: str, text: str) -> None:
        self._run(node, "sh", "-c", f"mkdir -p {os.path.dirname(path)}; cat > {path}", stdin=text)

    def _run(self, node: str, *command: str, stdin: str | None = None, **environment: str) -> str:
        settings = [word for key, value in environment.items() for word in ("-e", f"{key}={value}")]
        docker = ["docker", "exec", "-i", *settings, f"{self.name}.{node}", *command]
        done = subprocess.run(docker, input=stdin, text=True, capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"{node}: {' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout


def show(title: str, rounds: list[Steps]) -> Steps:
    """Print the best seconds of each step of all rounds."""
    best = {step: min(steps.get(step, float("inf")) for steps in rounds) for step in rounds[0]}
    print(f"\n{title}")
    for step, seconds in best.items():
        print(f"  {seconds:6.1f} s  {step}")
    return best


def main() -> None:
    """Measure both in turn, so that what else the machine does meets both."""
    csk, playbooks, sequence = [], [], []
    for number in range(1, ROUNDS + 1):
        for title, work in (("csk", by_csk), ("kubeadm in sequence", Sequence().measure)):
            start = time.monotonic()
            result: Any = work()
            if title == "csk":
                csk.append(result[0])
                playbooks.append(result[1])
            else:
                sequence.append(result)
            print(f"[round {number}/{ROUNDS}] {title}: {time.monotonic() - start:.1f} s with its removal", flush=True)
    wholes = [sum(steps.values()) for steps in sequence]
    creates = [steps["create"] for steps in playbooks]
    report = {
        "csk_steps": show("csk.kubernetes.create, by step", csk),
        "csk_playbooks": show("csk's playbooks, from process start to exit", playbooks),
        "sequence_steps": show("kubeadm in sequence, by step", sequence),
        "csk_create_seconds": creates,
        "sequence_seconds": wholes,
        "ratio": min(creates) / min(wholes),
    }
    print(f"\ncsk {min(creates):.1f} s / sequence {min(wholes):.1f} s = {report['ratio']:.2f}")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
