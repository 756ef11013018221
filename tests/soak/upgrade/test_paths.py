# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades by a path: a newer patch and then a minor, and two minors; from releases that are obtained for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from integration.cluster.conftest import TestCluster
from integration.cluster.kube import Writer
from integration.cluster.machines import MASTERS
from integration.cluster.playbooks import Playbooks, cluster_file
from integration.upgrade.conftest import upgrade, versions

STOPS = ("1.36.3", "1.37.2")
EARLIER = "2026-10-20"  # when 1.35 may be created


def obtain(playbooks: Playbooks, version: str) -> None:
    """A release's artifacts and its node image; what is there already isn't obtained again."""
    playbooks.run("artifacts", artifacts_version=version, seconds=3600).good()
    playbooks.run("node_image", node_image_version=version).good()


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("1.36.1", ["1.36.3", "1.37"]),
        ("1.35.4", ["1.36", "1.37"]),
    ],
)
def test_a_way(
    playbooks: Playbooks,
    echo: Path,
    note: Callable[[str, str], None],
    source: str,
    path: list[str],
) -> None:
    obtain(playbooks, source)
    cluster = TestCluster(playbooks, cluster_file("test-path", version=source), echo)
    try:
        cluster.create(csk_today=EARLIER).good()
        before = cluster.machines.states()
        if source.startswith("1.35"):
            upgrade(cluster).refused("one minor at a time: 1.35.4 -> 1.36.3 -> 1.37.2", "path: [1.36, 1.37]")
            upgrade(cluster, options={"path": ["1.37"]}).refused("one minor at a time")
        planned = upgrade(cluster, "--check", options={"path": path}).good()
        assert f"{source} -> {STOPS[0]}" in planned.text
        assert f"then the same to {STOPS[1]}" in planned.text
        with Writer(cluster.kube.client(), "path") as writer:
            done = upgrade(cluster, options={"path": path}).good()
        note(f"{source} to {', '.join(STOPS)}", f"{done.seconds:.0f} s; longest without a write {writer.longest:.1f} s")
        assert set(versions(cluster).values()) == {f"v{STOPS[-1]}"}
        assert cluster.machines.states() == before  # in place
        for name in MASTERS:
            assert not writer.lost(cluster.kube.client(f"https://{cluster.machines.address(name)}:6443"))
        # Each upgrade was complete before the next.
        ends = [line for line in cluster.ledger.operations(cluster.name, 500) if line.action.endswith("finished")]
        assert len(ends) == len(STOPS)
        assert len(list((playbooks.home / "snapshots").glob(f"{cluster.name}-*.db"))) >= len(STOPS)
        again = upgrade(cluster, options={"path": path}).good()
        assert not again.changed, again.text
        cluster.file["csk_cluster"]["version"] = "1.37"
        cluster.whole()
    finally:
        cluster.delete()
