# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker with as many pods as a pool may ask for."""

from __future__ import annotations

import copy
from collections.abc import Callable

from integration.cluster.conftest import TestCluster
from integration.cluster.test_workloads import fill


def test_256_pods_on_one_worker(healthy: TestCluster, note: Callable[[str, str], None]) -> None:
    cluster = healthy
    file = copy.deepcopy(cluster.file)
    file["csk_nodepools"].append({"name": "many", "desired_size": 1, "instance": {"max_pods": 256}})
    cluster.playbooks.run("scale", file=file).good()
    with cluster.kube.namespace("many") as namespace:
        fill(cluster, namespace, "many-1", 256)
    note("pods on one worker", "256")
    file["csk_nodepools"][1] = {"name": "many", "state": "absent"}
    cluster.playbooks.run("scale", file=file).good()
    cluster.whole()
