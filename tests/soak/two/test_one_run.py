# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any playbooks, of two clusters, one after another in one run of ansible-playbook; each works on its own machines.

The tests follow on each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster import TestCluster
from support.playbooks import Outcome, Playbooks, cluster_file

START = "Start etcd and the control plane on all masters at once"
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
MARK = "/etc/csk/node"


def small(name: str, workers: int = 1) -> dict[str, Any]:
    return cluster_file(name) | {"csk_nodepools": [{"name": "one", "desired_size": workers}]}


@pytest.fixture(scope="module")
def pair(playbooks: Playbooks) -> Iterator[tuple[TestCluster, TestCluster]]:
    """Two clusters, of which nothing is there yet."""
    made = TestCluster(playbooks, small("test-red", 2)), TestCluster(playbooks, small("test-blue"))
    yield made
    for cluster in made:
        if cluster.record:
            cluster.delete()


@pytest.fixture
def run(playbooks: Playbooks, tmp_path: Path) -> Callable[..., Outcome]:
    """Runs a playbook of a user's that consists of these plays."""

    def one(*plays: dict[str, Any]) -> Outcome:
        (tmp_path / "playbooks").mkdir(exist_ok=True)
        (tmp_path / "playbooks" / "site.yml").write_text(json.dumps(list(plays)), "utf-8")
        return playbooks.run("site", checkout=tmp_path)

    return one


def book(name: str, **variables: Any) -> dict[str, Any]:
    return {"ansible.builtin.import_playbook": f"csk.kubernetes.{name}", "vars": variables}


def on(host: str, cluster: str, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """Plays of a user's own that take the machines of a cluster into the run and work on one of them."""
    take = [
        {"csk.kubernetes.csk_cluster_info": {"name": cluster}, "register": "found"},
        {"csk.kubernetes.csk_host": {"machine": "{{ item }}"}, "loop": "{{ found.clusters[0].hosts }}"},
    ]
    return [
        {"hosts": "localhost", "gather_facts": False, "tasks": take},
        {"hosts": host, "gather_facts": False, "tasks": list(tasks)},
    ]


def files(cluster: str, node: str, *names: str) -> dict[str, Any]:
    return {"csk.kubernetes.csk_node_files": {"cluster": cluster, "node": node, "files": list(names)}}


def hosts_of(text: str, task: str) -> list[str]:
    """The hosts on which a task changed something."""
    parts = re.split(r"^(?:TASK|PLAY) ", text, flags=re.MULTILINE)
    mine = "".join(part for part in parts if f"{task}]" in part.partition("\n")[0])
    return re.findall(r"^changed: \[(\S+)\]", mine, re.MULTILINE)


def mark(cluster: TestCluster, node: str) -> str:
    return f"node {node} of cluster {cluster.name}, id {cluster.record.id}\n"


def started(cluster: TestCluster, node: str) -> dict[str, str]:
    """When each static pod of a master began."""
    pods = cluster.kube.pods("-n", "kube-system")
    return {name: pods[f"{name}-{node}"]["status"]["containerStatuses"][0]["containerID"] for name in COMPONENTS}


def test_any_sequence_works(
    pair: tuple[TestCluster, TestCluster], run: Callable[..., Outcome], echo: Path, note: Callable[[str, str], None]
) -> None:
    red, blue = pair
    outcome = run(
        book("create", **small(red.name)),
        book("create", **blue.file),
        book("scale", **red.file),
        book("renew", csk_name=blue.name),
        book("load_image", csk_name=red.name, csk_image=str(echo), csk_nodes=["one-2"]),
        book("plan", **red.file),
        book("create", **blue.file),
        book("info", csk_name=red.name),
    ).good()
    masters = ["master-1", "master-2", "master-3"]
    bootstrapped = hosts_of(outcome.text, START)
    assert sorted(bootstrapped) == sorted(f"{one.name}.{node}" for one in pair for node in masters)
    renewed = hosts_of(outcome.text, "Renew the certificates, and start the static pods with them")
    assert sorted(renewed) == [f"{blue.name}.{node}" for node in masters]
    joined = hosts_of(outcome.text, "Join the worker")
    assert sorted(joined) == sorted([f"{red.name}.one-1", f"{blue.name}.one-1", f"{red.name}.one-2"])
    assert hosts_of(outcome.text, "Import it") == [f"{red.name}.one-2"]
    for cluster in pair:
        cluster.whole()
        for node in cluster.nodes:
            assert cluster.machines(node, "cat", MARK) == mark(cluster, node)
    note("eight playbooks of two clusters in one run", f"{outcome.seconds:.0f} s")


def test_create_and_scale_of_one_cluster_change_nothing_twice(
    pair: tuple[TestCluster, TestCluster], run: Callable[..., Outcome]
) -> None:
    red, _blue = pair
    machines, pods = red.machines.states(), started(red, "master-1")
    more = small(red.name, 3)
    outcome = run(book("create", **more), book("scale", **more), book("create", **more)).good()
    assert hosts_of(outcome.text, START) == []
    assert hosts_of(outcome.text, "Join the worker") == [f"{red.name}.one-3"]
    assert {node: red.machines.state(node) for node in machines} == machines
    assert started(red, "master-1") == pods
    red.file = more
    red.whole()


@pytest.mark.parametrize(
    "task",
    [
        files("test-blue", "master-1", "pki"),
        files("test-red", "master-2", "pki"),
        {"csk.kubernetes.csk_snapshot": {"name": "test-blue"}},
    ],
    ids=["another cluster", "another node", "snapshot"],
)
def test_a_task_that_leads_to_another_host_is_refused(
    pair: tuple[TestCluster, TestCluster], run: Callable[..., Outcome], task: dict[str, Any]
) -> None:
    red, _blue = pair
    before = red.machines("master-1", "sha256sum", "/etc/kubernetes/pki/ca.key")
    run(*on(f"{red.name}.master-1", red.name, task)).refused(f"is node master-1 of cluster {red.name}", MARK)
    assert red.machines("master-1", "sha256sum", "/etc/kubernetes/pki/ca.key") == before


def test_a_host_that_was_made_before_there_were_marks(
    pair: tuple[TestCluster, TestCluster], run: Callable[..., Outcome]
) -> None:
    red, blue = pair
    for node in ("master-1", "one-1"):
        red.machines(node, "rm", MARK)
    worker, master = f"{red.name}.one-1", f"{red.name}.master-1"
    run(*on(worker, red.name, files(blue.name, "one-1", "network"))).refused("another CA")
    run(*on(worker, red.name, files(red.name, "one-2", "network"))).refused("is node one-1, not node one-2")
    run(*on(worker, red.name, files(red.name, "one-1", "network"))).good()
    run(*on(master, red.name, {"csk.kubernetes.csk_snapshot": {"name": red.name}})).good()
    for node in ("master-1", "one-1"):
        assert red.machines(node, "cat", MARK) == mark(red, node)


def test_both_go_in_one_run(pair: tuple[TestCluster, TestCluster], run: Callable[..., Outcome]) -> None:
    run(*(book("delete", csk_name=one.name, csk_confirm=one.name) for one in pair)).good()
    for cluster in pair:
        assert cluster.machines.left() == []
