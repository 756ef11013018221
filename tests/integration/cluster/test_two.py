# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second cluster, made beside the first one in the hard way: killed once, one fork, a pool that sorts before the
masters, everything logged. Then it is deleted while the first one is used.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .conftest import TestCluster
from .playbooks import Outcome, Playbooks, cluster_file, kill, read_until

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


@dataclass
class Story:
    """How the second cluster came to be."""

    cluster: TestCluster
    made_before_the_kill: dict[str, tuple[str, str]] = field(default_factory=dict)
    refused: Outcome = field(default_factory=lambda: Outcome(0, ""))
    printed: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def two(cluster: TestCluster, playbooks: Playbooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Create it, kill that in the masters' bootstrap, create it again."""
    story = Story(TestCluster(playbooks, FILE))
    log = tmp_path_factory.mktemp("two") / "ansible.log"
    env = {"ANSIBLE_FORKS": "1", "ANSIBLE_LOG_PATH": str(log)}
    with playbooks.started("create", "-vvv", file=FILE, env=env) as process:
        text = read_until(process, r"^TASK \[.*Start etcd and the control plane")
        story.refused = playbooks.run("create", file=FILE)
        time.sleep(1)
        kill(process)
        assert process.stdout is not None
        story.printed.append(text + process.stdout.read())
    story.made_before_the_kill = story.cluster.machines.states()
    story.printed.append(story.cluster.create("-vvv", env=env).good().text)
    story.printed.append(log.read_text())
    yield story
    story.cluster.delete()


def test_a_killed_create_is_finished_by_the_next_one(two: Story) -> None:
    assert two.cluster.kube.ready() == ["alpha-1", "master-1", "master-2", "master-3"]
    assert sorted(two.made_before_the_kill) == two.cluster.nodes
    assert two.cluster.machines.states() == two.made_before_the_kill  # no machine was made twice
    assert "took over the lock" in two.printed[1]
    two.cluster.whole()


def test_a_second_run_is_refused_at_once(two: Story) -> None:
    two.refused.refused("another run works on this cluster", "pid", "wait until it has ended")
    assert "Make the workers' machines" not in two.refused.text


def test_the_pools_settings_arrive(two: Story) -> None:
    node = two.cluster.kube.nodes()["alpha-1"]
    assert node["metadata"]["labels"]["csk-test.example/kind"] == "batch"
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "zone-b"
    assert {"key": "kind", "value": "batch", "effect": "PreferNoSchedule"} in node["spec"]["taints"]


def test_the_endpoints_names_are_in_the_certificate(two: Story) -> None:
    text = two.cluster.machines(
        "master-2", "openssl", "x509", "-noout", "-text", "-in", "/etc/kubernetes/pki/apiserver.crt"
    )
    assert "DNS:api.test-two.example" in text
    assert f"IP Address:{two.cluster.record.endpoint}" in text


def test_no_secret_is_printed_or_logged(two: Story) -> None:
    secrets = secrets_of(two.cluster)
    assert len(secrets) > 10
    for text in two.printed:
        assert len(text) > 10_000
        assert "PRIVATE KEY" not in text
        assert "client-key-data" not in text
        assert re.findall(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", text) == []  # a bootstrap token
        for name, secret in secrets:
            assert secret not in text, name


def secrets_of(cluster: TestCluster) -> list[tuple[str, str]]:
    """Pieces of every secret that the ledger holds, as they could be printed: as they are, and in base64."""
    ledger, found = cluster.ledger, []
    for name in ledger.secret_names(cluster.name):
        if name.endswith((".crt", ".pub")):
            continue
        content: bytes = ledger.secret(cluster.name, name)
        lines = [line for line in content.decode().splitlines() if not line.startswith("-----")]
        found += [(name, line) for line in lines if len(line) > 15]
        found += [(name, base64.b64encode(content).decode()[60:120])] if len(content) > 100 else []
    found.append(("etcd token", cluster.record.etcd_token))
    found.append(("ledger key", (Path(cluster.playbooks.home) / "key").read_text().strip()))
    return found


def test_deleting_it_disturbs_nobody(two: Story, cluster: TestCluster) -> None:
    first, second = cluster, two.cluster
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
    kept = 'INSERT INTO "operations"'  # the log of what was done says that it was deleted
    assert [row for row in rows(second.playbooks.home) if NAME in row and not row.startswith(kept)] == []
    assert second.delete().good().changed == {}


def restarts(cluster: TestCluster) -> dict[str, Any]:
    pods = cluster.kube.pods("-n", "kube-system")
    return {name: item["status"]["containerStatuses"][0]["restartCount"] for name, item in pods.items()}


def rows(home: Path) -> list[str]:
    """Everything that the ledger's tables hold."""
    import sqlite3

    with sqlite3.connect(home / "ledger.db") as database:
        return list(database.iterdump())
