# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images a new machine gets of those that were loaded before, and what is kept for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import loaded
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.loaded import Loaded
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Machine

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def machine(name: str, replaces: str | None = None) -> Machine:
    return Machine("demo", name, "worker", "web", "a", "10.0.0.9", "create", NOW, replaces=replaces)


def images(names: list[str], digest: str = "1") -> Loaded:
    return Loaded([{"names": names, "configs": {"linux/amd64": f"sha256:{digest}"}}], [])


def on(found: Loaded, *nodes: str) -> Loaded:
    return Loaded(found.images, nodes)


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "shop.tar").write_text("content")
    return tmp_path / "shop.tar"


def given(cluster: Path, name: str = "web-3", replaces: str | None = None) -> list[str]:
    """The names that a new machine gets."""
    return sorted(
        name
        for entry in loaded.of_machine(cluster, machine(name, replaces))
        for image in entry["images"]
        for name in image["names"]
    )


def test_a_new_machine_gets_what_all_nodes_have(tmp_path, archive):
    assert loaded.keep(tmp_path, archive, images(["shop:1"]))
    assert not loaded.keep(tmp_path, archive, images(["shop:1"]))
    (entry,) = loaded.of_machine(tmp_path, machine("web-3"))
    assert entry["images"] == images(["shop:1"]).images
    assert Path(entry["archive"]).read_text() == "content"
    assert Path(entry["archive"]).stat().st_mode & 0o077 == 0
    archive.write_text("another one")
    assert Path(entry["archive"]).read_text() == "content"


@pytest.mark.parametrize(
    ("nodes", "name", "replaces", "gets"),
    [
        ((), "web-3", None, True),
        (("web-1",), "web-3", None, False),
        (("web-1",), "web-1", None, True),
        (("web-1",), "web-3", "web-1", True),
    ],
)
def test_what_was_loaded_onto_some_nodes(tmp_path, archive, nodes, name, replaces, gets):
    loaded.keep(tmp_path, archive, on(images(["shop:1"]), *nodes))
    assert given(tmp_path, name, replaces) == (["shop:1"] if gets else [])


@pytest.mark.parametrize(("first", "second", "left"), [
    (("web-1",), ("web-2",), ["web-1", "web-2"]),
    (("web-1",), (), []),
    ((), ("web-2",), []),
])  # fmt: skip
def test_the_same_images_for_more_nodes(tmp_path, archive, first, second, left):
    for nodes in (first, second):
        loaded.keep(tmp_path, archive, on(images(["shop:1"]), *nodes))
    for name in ("web-1", "web-2", "web-3"):
        assert bool(given(tmp_path, name)) == (not left or name in left)


def test_a_name_is_the_newest_images(tmp_path, archive):
    loaded.keep(tmp_path, archive, images(["shop:1", "shop:latest"], "1"))
    loaded.keep(tmp_path, archive, images(["shop:latest"], "2"))
    found = {
        n: i["configs"] for e in loaded.of_machine(tmp_path, machine("m")) for i in e["images"] for n in i["names"]
    }
    assert found == {"shop:1": {"linux/amd64": "sha256:1"}, "shop:latest": {"linux/amd64": "sha256:2"}}
    loaded.keep(tmp_path, archive, images(["shop:1"], "3"))
    assert len(list((tmp_path / "images").iterdir())) == 2  # nothing has a name of the first archive


def test_an_image_may_have_two_names(tmp_path, archive):
    for name in ("shop:1", "shop:latest"):
        loaded.keep(tmp_path, archive, images([name]))
    assert given(tmp_path) == ["shop:1", "shop:latest"]
    assert len(list((tmp_path / "images").iterdir())) == 1


def test_one_that_is_forgotten(tmp_path, archive):
    loaded.keep(tmp_path, archive, images(["shop:1", "shop:latest"]))
    assert loaded.forget(tmp_path, ["shop:1"])
    assert loaded.names(tmp_path) == given(tmp_path) == ["shop:latest"]
    assert not loaded.forget(tmp_path, ["shop:1"])
    assert loaded.forget(tmp_path, ["shop:latest"])
    assert list((tmp_path / "images").iterdir()) == []


def test_an_archive_that_is_gone_is_told(tmp_path, archive):
    assert loaded.gone(tmp_path) == []
    loaded.keep(tmp_path, archive, images(["shop:1"]))
    assert loaded.gone(tmp_path) == []
    Path(loaded.of_machine(tmp_path, machine("m"))[0]["archive"]).unlink()
    assert loaded.gone(tmp_path) == ["shop:1"]
    assert given(tmp_path) == []
    assert loaded.keep(tmp_path, archive, images(["shop:1"]))  # loaded again
    assert given(tmp_path) == ["shop:1"]
