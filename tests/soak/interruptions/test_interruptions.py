# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed anywhere end, when they are repeated, where they would have ended."""

from __future__ import annotations

import copy
from collections.abc import Callable

from support.cluster import TestCluster
from support.kills import interrupt
from support.kube import template, until
from support.machines import MASTERS
from support.playbooks import Playbooks, cluster_file

Note = Callable[[str, str], None]
# After which line of a run's output it is killed, and how many seconds later: each step of it at least once.
CREATE = (
    (r"^TASK \[Check the whole file", 0.2),
    (r"^TASK \[Record the cluster", 0.1),
    (r"machine \S+ is up", 0.0),
    (r"^TASK \[Make the workers' machines", 0.3),
    (r"^TASK \[.*Write the CAs", 0.4),
    (r"^TASK \[.*Start etcd and the control plane", 1.0),
    (r"^TASK \[.*Start etcd and the control plane", 5.0),
    (r"^TASK \[.*Wait for the API on the first master", 2.0),
    (r"^TASK \[.*(Install the network plugin|Join the worker|Mark the master)", 0.2),
    (r"^TASK \[.*Join the worker", 2.0),
    (r"^TASK \[Wait until all is ready, and hand out", 0.5),
)
DELETE = (0.2, 0.8, 1.6)
GROW = (
    (r"^TASK \[Check the whole file", 0.3),
    (r"^TASK \[Make the workers' machines", 0.3),
    (r"machine \S+ is up", 0.0),
    (r"^TASK \[.*Write kubeadm's configuration", 0.3),
    (r"^TASK \[.*Join the worker", 1.0),
    (r"^TASK \[Wait until all is ready, and hand out", 0.3),
)
SHRINK = (
    (r"^TASK \[Make the workers' machines", 0.4),
    (r"^  drain default-3, default-4: [1-9]", 0.1),
    (r"^  drain default-3, default-4: [1-9]", 2.5),
    (r"^  drain default-3, default-4: 0", 0.1),
    (r"default-3 is removed", 0.0),
    (r"^TASK \[Wait until all is ready, and hand out", 0.2),
)


def test_create_and_delete_are_killed_everywhere(playbooks: Playbooks, note: Note) -> None:
    cluster = TestCluster(playbooks, cluster_file("test-soak"))
    machines: dict[str, str] = {}
    killed = 0
    try:
        for line, later in CREATE:
            killed += interrupt(cluster, "create", line, later)
            there = {name: cluster.machines.state(name)[0] for name in cluster.machines.names()}
            again = [name for name, identity in machines.items() if there.get(name) != identity]
            machines = there
            note(f"create killed {later} s after {line[:38]}", f"{len(there)} machines; made again: {again or 'none'}")
        last = cluster.create().good()
        note("create after all of that", f"{last.seconds:.0f} s")
        assert machines == {name: cluster.machines.state(name)[0] for name in cluster.machines.names()}
        cluster.whole()
        assert killed >= 8
        confirm = {"csk_name": cluster.name, "csk_confirm": cluster.name}
        for later in DELETE:
            interrupt(cluster, "delete", r"^TASK \[Remove every machine", later, **confirm)
            note(f"delete killed {later} s after its task began", f"left: {len(cluster.machines.left())} things")
    finally:
        cluster.delete()
    assert cluster.machines.left() == []
    assert cluster.record is None
    assert not cluster.kubeconfig.parent.exists()


def test_a_replacement_is_killed(healthy: TestCluster, note: Note) -> None:
    cluster = healthy
    for line, later in (
        (r"^TASK \[Record the cluster", 0.5),
        (r"^TASK \[.*Write the CAs", 0.4),
        (r"^TASK \[.*Join the master", 1.0),
        (r"^TASK \[.*Join the master", 6.0),
    ):
        if line.endswith("cluster"):
            cluster.machines.remove("master-2")
        interrupt(cluster, "create", line, later)
        note(f"replacement killed {later} s after {line[:34]}", f"Ready: {len(cluster.kube.ready())}")
    cluster.create().good()
    until(lambda: cluster.kube.ready() == cluster.nodes, 60)
    members = cluster.kube.etcd("master-1", "member", "list")["members"]
    assert sorted(member["name"] for member in members) == list(MASTERS)
    cluster.whole()
    cluster.load()


def test_scaling_is_killed_everywhere(healthy: TestCluster, note: Note) -> None:
    cluster = healthy
    before, created = cluster.machines.states(), list(cluster.nodes)
    grown = sorted([*created, "default-3", "default-4"])
    labels = {"app": "slow"}
    spec = template("serve", terminationGracePeriodSeconds=30, nodeSelector={"csk.dev/origin": "scale"})
    with cluster.kube.namespace("scaled") as namespace:
        for size, moments, expected in ((4, GROW, grown), (2, SHRINK, created)):
            file = copy.deepcopy(cluster.file)
            file["csk_nodepools"][0] |= {"desired_size": size, "drain": {"timeout": 60}}
            made: dict[str, str] = {}
            for line, later in moments:
                interrupt(cluster, "scale", line, later, file)
                there = {name: cluster.machines.state(name)[0] for name in cluster.machines.names()}
                again = [name for name, identity in there.items() if made.get(name, identity) != identity]
                made |= there
                note(f"scale to {size} killed {later} s after {line[:30]}", f"{len(there)} machines")
                assert not again
            cluster.playbooks.run("scale", file=file).good()
            assert cluster.kube.ready() == cluster.machines.names() == expected
            assert cluster.nodes == expected
            assert not any(node["spec"].get("unschedulable") for node in cluster.kube.nodes().values())
            if size == 4:
                cluster.load()
                metadata = {"name": "slow", "namespace": namespace}
                cluster.kube.apply(
                    {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
                     "spec": {"replicas": 4, "selector": {"matchLabels": labels},
                              "template": {"metadata": {"labels": labels}, "spec": spec}}}
                )  # fmt: skip
                cluster.kube("rollout", "status", "deployment/slow", "-n", namespace, "--timeout=120s")
    assert cluster.machines.states() == before
    cluster.create().good()  # the pool's drain, as its file has it
    cluster.whole()
