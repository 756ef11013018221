#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures an upgrade by one minor beside the same done by hand with kubeadm, on two clusters like each other.

By hand is what kubeadm's documentation says: kubeadm upgrade apply or node, drain, another kubelet, uncordon, one node
after another. The images come onto the nodes before, to a worker those that it runs, which counts for both. For csk
all of it counts, from process start to exit.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

TODAY = "2026-11-24"
NAME = "test-bench"
OLD, NEW = "1.36.3", "1.37.2"
HOME = Path(os.environ["CSK_HOME"])
RELEASES = HOME / "artifacts" / "releases"
RESULT = Path(sys.argv[1])
MASTERS, WORKERS = ("master-1", "master-2", "master-3"), ("default-1", "default-2")
FILE = {
    "csk_cluster": {"name": NAME, "version": "1.36", "zones": ["a", "b", "c"]},
    "csk_nodepools": [{"name": "default", "desired_size": len(WORKERS)}],
}
IGNORE = "--ignore-preflight-errors=SystemVerification,Swap"
OF_MASTERS = "etcd.tar kube-apiserver.tar kube-controller-manager.tar kube-scheduler.tar"
SHOWN = 15  # of the tasks that took longest, on all machines together


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run a command, which must succeed; its output."""
    done = subprocess.run(command, text=True, capture_output=True, check=False, env=os.environ | (env or {}))
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    return done.stdout


def playbook(name: str, *arguments: str) -> str:
    """Run a playbook of the installed collection; its output, with each task's seconds at its end."""
    profile = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks", "PROFILE_TASKS_TASK_OUTPUT_LIMIT": "all"}
    return run("ansible-playbook", f"csk.kubernetes.{name}", "-e", f"csk_today={TODAY}", *arguments, env=profile)


def create() -> None:
    """A cluster of the older release."""
    playbook("create", "-e", json.dumps(FILE))


def delete() -> None:
    """Remove it."""
    playbook("delete", "-e", f"csk_name={NAME}", "-e", f"csk_confirm={NAME}")


def on(node: str, script: str) -> None:
    """Run a script on a node."""
    run("docker", "exec", f"{NAME}.{node}", "sh", "-ec", script)


def kubectl(*arguments: str) -> None:
    """Run kubectl."""
    run(RELEASES / OLD / "bin" / "kubectl", "--kubeconfig", HOME / "clusters" / NAME / "kubeconfig", *arguments)


def by_csk() -> tuple[float, dict[str, float]]:
    """Seconds of the playbook, of its longest tasks, and of what node.sh does in them."""
    start = time.monotonic()
    output = playbook("upgrade", "-v", "-e", json.dumps(FILE), "-e", f"csk_upgrade_to={NEW}")
    seconds = time.monotonic() - start
    found = re.findall(r"^(\S.*?) -+ *([0-9.]+)s$", output.rpartition("TASKS RECAP")[2], re.MULTILINE)
    tasks = sorted(total(found).items(), key=lambda task: -task[1])[:SHOWN]
    # -v says the same twice, the other time by lines.
    outputs = " ".join(re.findall(r'"stdout": "((?:[^"\\]|\\.)*)"', output))
    parts = re.findall(r"csk-step (\d+) ms: ([^\\]*)", outputs)
    return seconds, dict(tasks) | total([(f"on the nodes: {title}", int(took) / 1000) for took, title in parts])


def total(found: list[tuple[str, str | float]]) -> dict[str, float]:
    """Seconds by title, over all machines."""
    steps: dict[str, float] = {}
    for title, took in found:
        steps[title] = round(steps.get(title, 0) + float(took), 1)
    return steps


def by_hand() -> tuple[float, dict[str, float]]:
    """Seconds of all that is done by hand, and of each step."""
    steps: dict[str, float] = {}
    begin = time.monotonic()
    for node in (*MASTERS, *WORKERS):
        run("docker", "cp", RELEASES / NEW, f"{NAME}.{node}:/var/lib/containerd/new")
        if node in WORKERS:
            on(node, f"cd /var/lib/containerd/new/images; rm {OF_MASTERS}")
        on(node, "/usr/local/lib/csk/import-images /var/lib/containerd/new/images")
    steps["artifacts and images onto every node"] = round(time.monotonic() - begin, 1)
    for number, node in enumerate((*MASTERS, *WORKERS)):
        start = time.monotonic()
        kubeadm = f"kubeadm upgrade apply v{NEW} --yes" if number == 0 else "kubeadm upgrade node"
        on(node, f"cp /var/lib/containerd/new/bin/kubeadm /usr/local/bin; {kubeadm} {IGNORE}")
        steps[f"{node}: {kubeadm}"] = round(time.monotonic() - start, 1)
        start = time.monotonic()
        kubectl("drain", node, "--ignore-daemonsets", "--timeout=120s")
        on(
            node,
            "systemctl stop kubelet; cp /var/lib/containerd/new/bin/kubelet /usr/local/bin; systemctl start kubelet",
        )
        wanted = f"jsonpath={{.status.nodeInfo.kubeletVersion}}=v{NEW}"
        kubectl("wait", f"node/{node}", f"--for={wanted}", "--timeout=120s")
        kubectl("wait", f"node/{node}", "--for=condition=Ready", "--timeout=120s")
        kubectl("uncordon", node)
        steps[f"{node}: drain, kubelet, uncordon"] = round(time.monotonic() - start, 1)
        print(f"[{number + 1}/5] {node} by hand, {time.monotonic() - begin:.0f} s", flush=True)
    return time.monotonic() - begin, steps


def main() -> None:
    """Upgrade two clusters, one after another."""
    report = {}
    for title, work in (("csk", by_csk), ("by hand", by_hand)):
        try:
            create()
            seconds, steps = work()
        finally:
            delete()
        report[title] = {"seconds": round(seconds, 1), "steps": steps}
        print(f"\n{seconds:7.1f} s  {title}")
        for step, took in steps.items():
            print(f"  {took:7.1f} s  {step}")
    report["ratio"] = round(report["csk"]["seconds"] / report["by hand"]["seconds"], 2)
    print(f"\ncsk takes {report['ratio']} of the time by hand")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    print(f"written to {RESULT}")


if __name__ == "__main__":
    main()
