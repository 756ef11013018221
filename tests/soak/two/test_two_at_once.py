# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two clusters are made at once, by one user, and deleted at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from support.cluster import TestCluster
from support.playbooks import Playbooks, cluster_file


def small(name: str) -> dict:
    return cluster_file(name) | {"csk_nodepools": [{"name": "one", "desired_size": 1}]}


def test_two_at_once(playbooks: Playbooks, note: Callable[[str, str], None]) -> None:
    clusters = [TestCluster(playbooks, small(f"test-{name}")) for name in ("east", "west")]
    with ThreadPoolExecutor(2) as pool:
        try:
            for cluster, made in zip(clusters, pool.map(lambda c: c.create(), clusters), strict=True):
                made.good()
                note(f"{cluster.name} made beside another one", f"{made.seconds:.0f} s")
            for cluster in clusters:
                cluster.whole()
            assert clusters[0].record.vpc_cidr != clusters[1].record.vpc_cidr
        finally:
            deleted = list(pool.map(lambda c: c.delete(), clusters))
    for cluster, outcome in zip(clusters, deleted, strict=True):
        outcome.good()
        assert cluster.machines.left() == []
