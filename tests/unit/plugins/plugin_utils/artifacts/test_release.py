# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each release's components."""

from __future__ import annotations

import re

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import builder, release
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.recipes import IMAGES, RECIPES
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError

# kubeadm's own tags: etcd, CoreDNS, pause (cmd/kubeadm/app/constants/constants.go of each patch)
TAGS = {
    "1.34.4": ("3.6.5-0", "v1.12.1", "3.10.1"),
    "1.35.4": ("3.6.6-0", "v1.13.1", "3.10.1"),
    "1.36.1": ("3.6.8-0", "v1.14.2", "3.10.2"),
    "1.36.3": ("3.6.8-0", "v1.14.2", "3.10.2"),
    "1.37.2": ("3.7.0-0", "v1.14.6", "3.10.2"),
}


def test_every_release_has_its_tags_here() -> None:
    minors = catalogue.load(catalogue.RELEASES)
    assert {version for minor in minors.values() for version in minor.releases} == set(TAGS)


@pytest.mark.parametrize("version", TAGS)
def test_each_release_is_complete_and_pinned(version: str) -> None:
    found = catalogue.load_release(version)
    assert found.components["kubernetes"].version == version
    assert tuple(found.components[name].tag for name in ("etcd", "coredns", "pause")) == TAGS[version]
    assert set(found.components) == set(RECIPES) - {"registry"}
    for component in found.components.values():
        if RECIPES[component.name].packages:
            text = (builder.module_folder(component) / "go.mod").read_text()
            module = re.escape(component.module)
            assert re.search(rf"^\s*(require )?{module}(/\S+)? v{re.escape(component.version)}\b", text, re.MULTILINE)
            assert (builder.module_folder(component) / "go.sum").stat().st_size > 0
    assert all(found.components[image.component].tag for image in IMAGES)
    assert not builder.problems([found.components["kubernetes"]])


def test_an_incomplete_entry_names_the_release() -> None:
    with pytest.raises(CskError, match="1\\.36\\.9: is incomplete"):
        release.parse("1.36.9", {"etcd": {"version": "3.6.16"}})
