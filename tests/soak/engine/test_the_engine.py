# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker Engine is restarted under a running cluster, which goes on by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.cluster import TestCluster
from support.kube import pod, until

START = Path(__file__).parents[3] / "tools" / "start_engine.py"
PID = Path("/var/run/docker.pid")


def restart_engine() -> None:
    """Stop and start the Engine, as this machine does it."""
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "restart", "docker"], check=True)
        return
    pid = int(PID.read_text())
    os.kill(pid, signal.SIGTERM)
    until(lambda: not Path("/proc", str(pid)).exists() or "Z" in status(pid), 120)
    subprocess.run([sys.executable, START], check=True)


def status(pid: int) -> str:
    """A process's state, as one letter."""
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root restarts the Engine")
def test_the_engine_is_restarted(healthy: TestCluster, note: Callable[[str, str], None]) -> None:
    cluster, kube = healthy, healthy.kube
    restart_engine()
    started, clock = datetime.now(UTC), time.monotonic()

    def renewed() -> bool:
        done = kube.run("get", "leases", "-n", "kube-node-lease", "-o", "jsonpath={.items[*].spec.renewTime}")
        times = [datetime.fromisoformat(text) for text in done.stdout.split()]
        return done.returncode == 0 and len(times) == len(cluster.nodes) and min(times) > started

    until(renewed, 180, 1)
    note("Engine restarted", f"all leases renewed {time.monotonic() - clock:.0f} s after it")
    until(lambda: kube.ready() == cluster.nodes, 120)
    everywhere = {"tolerations": [{"operator": "Exists"}]}
    with kube.namespace("test-engine") as namespace:
        kube.apply(*(pod(f"on-{node}", namespace, node, "serve", **everywhere) for node in cluster.nodes))
        kube.wait("pod", "condition=Ready", "--all", "-n", namespace)
        pods = kube.pods("-n", namespace)
        for node, other in zip(cluster.nodes, [*cluster.nodes[1:], cluster.nodes[0]], strict=True):
            url = f"http://{pods[f'on-{node}']['status']['podIP']}:8080/"
            ask = ("exec", "-n", namespace, f"on-{other}", "--", "/bin/echo", "get", url)
            until(lambda ask=ask: kube.run(*ask).returncode == 0, 60)
    cluster.whole()
