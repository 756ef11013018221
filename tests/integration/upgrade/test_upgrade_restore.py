# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back from an upgrade: the snapshot that it took first, on machines made anew."""

from __future__ import annotations

import json
from pathlib import Path

from integration.cluster.conftest import HOME, TestCluster
from integration.cluster.machines import MASTERS

from .conftest import OLD, SPACE


def snapshot(cluster: TestCluster) -> Path:
    """The newest snapshot."""
    return max((HOME / "snapshots").glob(f"{cluster.name}-*.db"))


def revision(cluster: TestCluster) -> int:
    """The revision of a list that is made now; kubectl's own lists have none."""
    listed = json.loads(cluster.kube("get", "--raw", f"/api/v1/namespaces/{SPACE}/configmaps"))
    return int(listed["metadata"]["resourceVersion"])


def test_what_a_restoration_refuses(old: TestCluster, tmp_path: Path) -> None:
    cluster, taken = old, snapshot(old)
    run, file = cluster.playbooks.run, cluster.file

    run("restore", file=file, csk_snapshot=str(taken)).refused("csk_confirm", "Do: give csk_confirm=test-upgrade")
    altered = tmp_path / taken.name
    altered.write_bytes(taken.read_bytes()[:-1] + b"x")
    altered.with_suffix(".json").write_bytes(taken.with_suffix(".json").read_bytes())
    run("restore", file=file, csk_snapshot=str(altered), csk_confirm=cluster.name).refused(
        "csk_snapshot", "was altered"
    )
    # The file says 1.37, which the snapshot isn't of.
    run("restore", file=file, csk_snapshot=str(taken), csk_confirm=cluster.name).refused("says 1.37", f"has {OLD}")
    assert cluster.kube.ready() == cluster.nodes


def test_a_cluster_goes_back_to_its_snapshot(old: TestCluster, service: str) -> None:
    cluster, kube = old, old.kube
    kube("delete", "configmap", "deleted-later", "-n", SPACE)
    kube("create", "configmap", "made-later", "-n", SPACE)
    last = revision(cluster)
    before = cluster.machines.states()
    cluster.file["csk_cluster"]["version"] = "1.36"
    arguments = {"csk_snapshot": str(snapshot(cluster)), "csk_confirm": cluster.name}
    planned = cluster.playbooks.run("restore", "--check", file=cluster.file, **arguments).good()
    assert "machines master-1, master-2, master-3, default-1, default-2: made anew" in planned.text
    assert cluster.machines.states() == before
    cluster.playbooks.run("restore", file=cluster.file, **arguments).good()
    assert not set(cluster.machines.states().values()) & set(before.values())
    found = kube.get("configmaps", "-n", SPACE)
    names = {item["metadata"]["name"] for item in found["items"]}
    assert {"deleted-later", "kept"} <= names
    assert "made-later" not in names
    # Who watched before is told to list anew, for the revisions went ahead.
    assert revision(cluster) > last
    assert (
        "too old"
        in kube.run("get", "--raw", f"/api/v1/namespaces/{SPACE}/configmaps?watch=1&resourceVersion={last}").stdout
    )
    assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in kube.nodes().values()} == {f"v{OLD}"}
    members = kube.etcd("master-1", "member", "list")["members"]
    assert sorted(member["name"] for member in members) == list(MASTERS)
    cluster.load()
    kube("rollout", "status", "deployment/echo", "-n", SPACE, "--timeout=120s")
    cluster.whole()
