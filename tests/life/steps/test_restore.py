# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: the snapshot that the upgrade took first, on machines made anew."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from support.cluster import HOME, OLD, TestCluster
from support.upgrades import SPACE

from life.story import Life


def revision(cluster: TestCluster) -> int:
    """The revision of a list that is made now; kubectl's own lists have none."""
    listed = json.loads(cluster.kube("get", "--raw", f"/api/v1/namespaces/{SPACE}/configmaps"))
    return int(listed["metadata"]["resourceVersion"])


def altered(snapshot: Path, folder: Path) -> Path:
    """A copy of a snapshot of which one byte is another one."""
    copied = folder / snapshot.name
    copied.write_bytes(snapshot.read_bytes()[:-1] + b"x")
    copied.with_suffix(".json").write_bytes(snapshot.with_suffix(".json").read_bytes())
    return copied


def test_restore(life: Life, tmp_path: Path) -> None:
    cluster, kube, run = life.cluster, life.cluster.kube, life.cluster.playbooks.run
    taken = max((HOME / "snapshots").glob(f"{cluster.name}-*.db"))
    arguments = {"csk_snapshot": str(taken), "csk_confirm": cluster.name}
    kube("delete", "configmap", "deleted-later", "-n", SPACE)
    kube("create", "configmap", "made-later", "-n", SPACE)
    last = revision(cluster)
    before = cluster.machines.states()
    # The file says 1.37, which the snapshot isn't of.
    run("restore", file=cluster.file, csk_snapshot=str(taken)).refused(
        "csk_confirm", f"Do: give csk_confirm={cluster.name}", "says 1.37", f"has {OLD}"
    )
    run("restore", file=cluster.file, csk_snapshot=str(altered(taken, tmp_path)), csk_confirm=cluster.name).refused(
        "csk_snapshot", "was altered"
    )
    file = copy.deepcopy(cluster.file)
    file["csk_cluster"]["version"] = "1.36"
    planned = run("restore", "--check", file=file, **arguments).good()
    assert "machines master-1, master-2, master-3, default-1, default-2: made anew" in planned.text
    assert cluster.machines.states() == before
    run("restore", file=file, **arguments).good()
    assert not set(cluster.machines.states().values()) & set(before.values())
    # Who watched before is told to list anew, for the revisions went ahead.
    assert revision(cluster) > last
    watch = f"/api/v1/namespaces/{SPACE}/configmaps?watch=1&resourceVersion={last}"
    assert "too old" in kube.run("get", "--raw", watch).stdout
    life.follow()
    cluster.load()
    kube("rollout", "status", "deployment/echo", "-n", SPACE, "--timeout=120s")
