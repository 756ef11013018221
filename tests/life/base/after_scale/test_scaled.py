# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool that shrank is as it was before it grew, and the log says who went and why."""

from __future__ import annotations

from support.cluster import TestCluster

from life.story import Life


def test_who_came_went_and_the_others_are_as_before(cluster: TestCluster) -> None:
    nodes = cluster.kube.nodes()
    assert cluster.kube.ready() == cluster.machines.names() == cluster.nodes
    assert "default-3" not in nodes
    assert [name for name, node in nodes.items() if "season" in node["metadata"]["labels"]] == []
    assert [name for name, node in nodes.items() if node["spec"].get("unschedulable")] == []
    cluster.whole()


def test_the_log_says_who_went_and_why(life: Life) -> None:
    log = [
        line for line in life.cluster.ledger.operations(life.cluster.name, 500) if line.action == "csk_nodepool default"
    ]
    last = next(line for line in log if any("removed" in change for change in line.details.get("changes", [])))
    assert last.details["decisions"][0]["node"] == "default-3"
    assert "failed" in [line.result for line in log]
