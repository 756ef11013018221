# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a master's health is measured by."""

from __future__ import annotations

from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_planes.stacked import health
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube.control_plane_api import STATIC_PODS

SHIPPED = catalogue.load(catalogue.RELEASES)


def test_the_tags_of_static_pods():
    release = {"kubernetes": {"tag": "v1.36.3"}, "etcd": {"tag": "3.6.8-0"}, "pause": {"tag": "3.10.2"}}
    assert health.tags(release) == {
        "etcd": "3.6.8-0",
        "kube-apiserver": "v1.36.3",
        "kube-controller-manager": "v1.36.3",
        "kube-scheduler": "v1.36.3",
    }


def test_every_release_has_the_tags():
    for minor in SHIPPED.values():
        for version, release in minor.releases.items():
            found = health.tags(release)
            assert set(found) == set(STATIC_PODS)
            assert (found["kube-apiserver"], all(found.values())) == (f"v{version}", True)
