# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody's certificates are renewed while a master isn't well."""

from __future__ import annotations

from support.certificates import serials
from support.cluster import TestCluster


def test_an_unwell_master_is_told_before_anything_is_changed(healthy: TestCluster) -> None:
    cluster = healthy
    before = serials(cluster)
    cluster.machines("master-2", "systemctl", "stop", "kubelet")
    try:
        cluster.playbooks.run("renew", csk_name=cluster.name).refused("node master-2", "isn't well", "Do:")
    finally:
        cluster.machines("master-2", "systemctl", "start", "kubelet")
    assert serials(cluster) == before
    cluster.kube.until(lambda: cluster.kube.ready() == cluster.nodes, 60)
