# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of a pool are changed, and taken off again."""

from __future__ import annotations

import json

from support.cluster import TestCluster


def test_a_change_of_labels_is_planned_then_made(cluster: TestCluster) -> None:
    changed = json.loads(json.dumps(cluster.file))
    changed["csk_nodepools"][0]["labels"] = {"tier": "web", "season": "autumn"}
    plan = cluster.playbooks.run("plan", file=changed).good()
    assert "pool default: change labels." in plan.text
    assert "season" not in cluster.kube.nodes()["default-1"]["metadata"]["labels"]
    assert cluster.playbooks.run("create", file=changed).good().changed
    for worker in ("default-1", "default-2"):
        assert cluster.kube.nodes()[worker]["metadata"]["labels"]["season"] == "autumn"
    cluster.create().good()
    assert "season" not in cluster.kube.nodes()["default-1"]["metadata"]["labels"]
