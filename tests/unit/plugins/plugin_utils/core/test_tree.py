# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of what a node is made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.tree import node_stamp, tree_digest


def role(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        file = folder / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def test_names_and_contents_count_and_places_do_not(tmp_path: Path) -> None:
    first = tree_digest(role(tmp_path / "a", tasks__main="x", files__unit="y"))
    assert tree_digest(role(tmp_path / "b", files__unit="y", tasks__main="x")) == first
    assert tree_digest(role(tmp_path / "c", files__unit="y", tasks__main="z")) != first
    assert tree_digest(role(tmp_path / "d", files__other="y", tasks__main="x")) != first


def test_what_a_role_says_about_itself_does_not_count(tmp_path: Path) -> None:
    plain = tree_digest(role(tmp_path / "a", tasks__main="x"))
    assert tree_digest(role(tmp_path / "a", meta__main="words")) == plain


def test_the_stamp_is_one_line_of_json(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"digest": "d1"}')
    stamp = node_stamp("1.36.3", tmp_path, role(tmp_path / "role", tasks__main="x"))
    assert stamp.endswith("}\n")
    assert json.loads(stamp) | {"node": ""} == {"release": "1.36.3", "artifacts": "d1", "node": ""}


@pytest.mark.parametrize("content", [None, "", "{}", "[]"])
def test_artifacts_that_are_not_whole(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(CskError, match=r"csk\.kubernetes\.artifacts"):
        node_stamp("1.36.3", tmp_path, tmp_path)
