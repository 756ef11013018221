# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of images at a mirror."""

from __future__ import annotations

from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import pull


def test_a_mirror_takes_the_registrys_place() -> None:
    name = "registry.k8s.io/coredns/coredns:v1.14.2"
    assert pull.mirrored(name, "127.0.0.1:5000/k8s") == "127.0.0.1:5000/k8s/coredns/coredns:v1.14.2"
    assert pull.mirrored(name, "") == name
