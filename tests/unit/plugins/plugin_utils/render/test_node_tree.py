# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade installs beside binaries: the roles' files as they are, and what they make of a release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.tree import node_stamp
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import node_tree

ROLES = Path(node_tree.__file__).parents[3] / "roles"
IMAGES = {"registry.k8s.io/kube-proxy:v1.37.2": {"id": "sha256:1"}, "registry.k8s.io/pause:3.99": {"id": "sha256:2"}}


@pytest.fixture
def artifacts(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"digest": "d1", "images": IMAGES}))
    return tmp_path


def made(artifacts, container=False):
    found = node_tree.node_tree(ROLES, "1.37.2", artifacts, container)
    assert all(path.startswith(node_tree.FOLDER) for path in found)
    return {path.removeprefix(node_tree.FOLDER): file for path, file in found.items()}


def installed(found):
    return {path.removeprefix("/root") for path in found if path.startswith("/root/")}


@pytest.mark.parametrize(("container", "roles"), [(False, ["node"]), (True, ["node", "node_image"])])
def test_every_file_of_the_roles_is_there(artifacts, container, roles):
    found = made(artifacts, container)
    for role in roles:
        root = ROLES / role / "files" / "root"
        for path in (path for path in root.rglob("*") if path.is_file()):
            content, mode = found[f"/root/{path.relative_to(root)}"]
            assert content == path.read_text()
            assert mode & 0o111 == (0o111 if content.startswith("#!") else 0)
    assert installed(found) == set(found["/files"][0].split())
    assert ("/usr/local/lib/csk/boot" in installed(found)) == container


def test_what_is_made_of_the_release(artifacts):
    found = made(artifacts)
    config, mode = found["/root/etc/containerd/config.toml"]
    assert 'sandbox = "registry.k8s.io/pause:3.99"' in config
    assert "{{" not in config
    assert mode == 0o644
    assert found["/images"][0].split() == list(IMAGES)
    assert found["/ids"][0].split() == ["sha256:1", "sha256:2"]
    assert "conntrack" in found["/packages"][0].split()


def test_the_stamp_is_role_nodes(artifacts):
    assert made(artifacts)["/node-release"][0] == node_stamp("1.37.2", artifacts, ROLES / "node")


def test_no_artifacts(tmp_path):
    with pytest.raises(CskError, match=r"manifest\.json"):
        made(tmp_path)
