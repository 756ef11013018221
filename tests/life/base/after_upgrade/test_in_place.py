# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that was upgraded in place has what a machine of the target has, and what people added; no image too many."""

from __future__ import annotations

import pytest
from support import installed
from support.cluster import NEW, OLD, TestCluster


# The step made files of the last two older than any release.
@pytest.mark.parametrize("node", ["master-1", "master-3", "default-1"])
def test_it_is_as_one_made_anew(cluster: TestCluster, node: str) -> None:
    found = installed.on_node(cluster, node)
    assert found == installed.in_image(NEW)
    assert len(found) > 30


@pytest.mark.parametrize("node", ["master-3", "default-1"])
def test_what_people_added_is_there(cluster: TestCluster, node: str) -> None:
    assert installed.own(cluster, node) == installed.OWN


def test_only_the_releases_images_are_pinned(cluster: TestCluster) -> None:
    for node in cluster.nodes:
        pinned = installed.pinned(cluster, node)
        assert f"registry.k8s.io/kube-proxy:v{NEW}" in pinned
        assert not [name for name in pinned if OLD in name or "etcd:3.6" in name or "coredns:v1.14.2" in name]
