# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back from an upgrade: what is refused before anything is removed."""

from __future__ import annotations

from pathlib import Path

from integration.cluster.conftest import HOME, TestCluster

from .conftest import OLD


def snapshot(cluster: TestCluster) -> Path:
    """The newest snapshot."""
    return max((HOME / "snapshots").glob(f"{cluster.name}-*.db"))


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
