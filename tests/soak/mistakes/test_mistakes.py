# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake in a file costs what it is about, and the right file mends it: nothing is immutable before it worked."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cluster import TestCluster
from support.kills import interrupt
from support.playbooks import Outcome, Playbooks, cluster_file

BROKEN = "csk_test.machines.broken"
WELL = ["default-1", "master-1", "master-2", "master-3"]
# Longer than a run takes that waits for nothing in vain, shorter than the wait.
SOON = 240
Note = Callable[[str, str], None]


@pytest.fixture(scope="module")
def begun(both: Playbooks) -> Iterator[TestCluster]:
    """A cluster whose file is still to be written."""
    file = cluster_file("test-mistakes")
    file["csk_nodepools"] = [{"name": "default", "desired_size": 1}]
    made = TestCluster(both, file)
    yield made
    made.delete()


def run(cluster: TestCluster, playbook: str, *pools: dict[str, Any], **variables: Any) -> Outcome:
    """Run a playbook for the cluster's file, with these pools beside its own."""
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"] += pools
    return cluster.playbooks.run(playbook, file=file, **variables)


@pytest.mark.parametrize(
    ("kubelet", "said"),
    [
        ({"maxParallelImagePulls": 3}, "maxParallelImagePulls cannot be larger than 1 unless SerializeImagePulls"),
        ({"imageGCLowThresholdPercent": 100}, "imageGCLowThresholdPercent (--image-gc-low-threshold) 100 must be less"),
        ({"containerLogMaxFiles": 1}, "containerLogMaxFiles must be greater than 1"),
        ({"cpuManagerPolicy": "static"}, "no core is reserved"),
    ],
)
def test_what_a_kubelet_would_refuse_the_plan_refuses(begun: TestCluster, kubelet: dict[str, Any], said: str) -> None:
    pool = {"name": "bad", "desired_size": 1, "kubelet": kubelet}
    run(begun, "plan", pool).refused("csk_nodepools[1].kubelet", said, "Do:")
    run(begun, "create", pool).refused("csk_nodepools[1].kubelet", said, "Do:")
    assert begun.record is None


def test_nothing_is_immutable_before_the_masters_were_ready(begun: TestCluster, note: Note) -> None:
    wrong = copy.deepcopy(begun.file)
    wrong["csk_cluster"] |= {"pod_cidr": "172.22.0.0/16", "zones": ["zone-a"], "proxy_mode": "nftables"}
    wrong["csk_nodepools"][0] |= {"desired_size": 2, "kubelet": {"podPidsLimit": 500}}
    assert interrupt(begun, "create", r"^TASK \[.*Wait for the API on the first master", 1.0, file=wrong)
    old = begun.record
    assert old.status == "creating"
    planned = begun.playbooks.run("plan", file=begun.file).good()
    assert f"cluster {begun.name}: remove what there is of it: proxy_mode, pod_cidr, zones changed" in planned.text
    assert begun.record == old
    made = begun.create().good()
    assert begun.record.id != old.id
    assert begun.record.status == "ready"
    assert begun.kube.ready() == begun.machines.names() == begun.nodes == WELL
    begun.whole()
    note("a file mended before the masters were ready", f"begun anew, {made.seconds:.0f} s")


def test_one_bad_pool_is_told_and_all_else_is_finished(begun: TestCluster, note: Note) -> None:
    bad = {"name": "bad", "desired_size": 2, "provider": BROKEN}
    more = {"name": "more", "desired_size": 1}
    failed = run(begun, "create", bad, more).refused("bad-1: ", "bad-2: ", "it is broken", "Do:")
    assert begun.kube.ready() == sorted([*WELL, "more-1"])
    assert failed.seconds < SOON
    note("create with a pool that can't become nodes", f"the rest Ready, told after {failed.seconds:.0f} s")
    # Where nothing of the pool is in the file, it is left as it is.
    left = run(begun, "create", more).good()
    assert left.seconds < SOON
    assert "pool bad: not in the file, and bad-1 isn't Ready" in left.text
    grown = run(begun, "scale", {**more, "desired_size": 2}).good()
    assert begun.kube.ready() == sorted([*WELL, "more-1", "more-2"])
    note("scale beside a pool that can't become nodes", f"{grown.seconds:.0f} s")
    run(begun, "plan", csk_upgrade_to="1.37").refused("bad-1", "Do:")


def test_what_never_was_ready_may_change_and_go(begun: TestCluster) -> None:
    more = {"name": "more", "desired_size": 2}
    bad = {"name": "bad", "desired_size": 1, "provider": BROKEN}
    planned = run(begun, "plan", bad, more).good()
    assert "bad-2: remove it (it never was Ready)." in planned.text
    mended = {"name": "bad", "desired_size": 1, "kubelet": {"serializeImagePulls": False, "maxParallelImagePulls": 3}}
    planned = run(begun, "plan", mended, more).good()
    assert "bad-1: remove it (provider, kubelet of its pool changed, and it never was Ready)." in planned.text
    run(begun, "create", mended, more).good()
    assert begun.kube.ready() == begun.machines.names() == begun.nodes == sorted([*WELL, "bad-3", "more-1", "more-2"])
    again = run(begun, "create", mended, more).good()
    assert not again.changed, again.text
    # Now that one was Ready, the pool is what it is.
    run(begun, "plan", {**mended, "kubelet": {}}, more).refused("csk_nodepools[1].kubelet", "immutable", "Do:")
    run(begun, "create", {"name": "bad", "state": "absent"}, more).refused("would remove bad-3", "csk.kubernetes.scale")


READY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - csk.kubernetes.csk_cluster: {name: %s, state: ready, timeout: 20}
"""


def test_a_worker_that_does_not_come_is_told(begun: TestCluster, tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "ready.yml").write_text(READY % begun.name, encoding="utf-8")
    begun.machines("default-1", "systemctl", "stop", "kubelet")
    told = begun.playbooks.run("ready", checkout=tmp_path)
    told.refused("pool default: default-1: not Ready after 20 s", "Do:")
    begun.create().good()  # the lock is free, and the rest as it was
    assert "default-1" in begun.kube.ready()
