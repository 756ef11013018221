# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store: what is complete, what is refused, what a killed run leaves."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import bundle, manifest, obtain
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.published import Places
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.store import Store
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.upstream import Pull
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError

MINORS = catalogue.load(catalogue.RELEASES)
NOWHERE = Places("http://127.0.0.1:1", "", "", "", "")


def a_release(store: Store, version: str = "1.36.3") -> Path:
    """A complete release of small files."""
    folder = store.release(version)
    for name in ("bin/kubeadm", "cni/bridge", "images/pause.tar"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
    files = manifest.tree(folder)
    parts = catalogue.load_release(version).components.values()
    content = {
        "release": version,
        "source": "upstream",
        "digest": manifest.overall(files),
        "files": files,
        "images": {"registry.k8s.io/pause:3.10.2": {"file": "images/pause.tar"}},
        "components": {part.name: {"version": part.version, "tag": part.tag} for part in parts},
    }
    (folder / manifest.NAME).write_text(manifest.text(content))
    return folder


def no_engine() -> Pull:
    raise AssertionError("no image is pulled here")


def request(home: Path, **other: object) -> obtain.Request:
    return obtain.Request(
        **(
            {
                "version": "1.36",
                "source": "bundle",
                "home": home,
                "places": NOWHERE,
                "minors": MINORS,
                "engine": no_engine,
            }
            | other
        )
    )


def test_too_little_disk_is_refused_with_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100e9, 70.5e9, 29.5e9))
    store = Store(tmp_path)
    store.need(29, "building")
    with pytest.raises(CskError, match=r"has 29\.5 GB free; building takes up to 30 GB"):
        store.need(30, "building")


def test_what_a_killed_run_left_unfinished_goes(tmp_path: Path) -> None:
    store = Store(tmp_path / "home")
    with store.locked(print):
        (store.scratch() / "half").write_text("half")
    assert list(store.tmp.iterdir())
    with store.locked(print):
        assert not list(store.tmp.iterdir())
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_publishing_replaces_what_was_there(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.locked(print):
        for content in ("old", "new"):
            made = store.scratch()
            (made / "file").write_text(content)
            store.publish(made, store.component("etcd", "3.6.16"))
    assert (tmp_path / "artifacts" / "components" / "etcd-3.6.16" / "file").read_text() == "new"


def test_a_bundle_is_carried_to_an_empty_home(tmp_path: Path) -> None:
    there = Store(tmp_path / "there")
    folder = a_release(there)
    target = tmp_path / "media" / "bundle.tar"
    assert bundle.write(folder, target)
    first = target.read_bytes()
    assert not bundle.write(folder, target)
    target.unlink()
    assert bundle.write(folder, target)
    assert target.read_bytes() == first
    found = obtain.obtain(request(tmp_path / "here", bundle=target), print)
    assert (found["changed"], found["source"]) == (True, "bundle")
    again = obtain.obtain(request(tmp_path / "here", bundle=target), print)
    assert (again["changed"], again["digest"]) == (False, found["digest"])


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_a_truncated_bundle_is_refused_and_leaves_nothing(tmp_path: Path, cut: float) -> None:
    target = tmp_path / "bundle.tar"
    bundle.write(a_release(Store(tmp_path / "there")), target)
    content = target.read_bytes().rstrip(b"\0")
    target.write_bytes(content[: int(len(content) * cut)])
    home = tmp_path / "here"
    with pytest.raises(CskError, match=r"bundle\.tar"):
        obtain.obtain(request(home, bundle=target), print)
    assert not (home / "artifacts" / "releases").exists()


def test_an_altered_bundle_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "bundle.tar"
    bundle.write(a_release(Store(tmp_path / "there")), target)
    content = target.read_bytes()
    position = content.rindex(b"bin/kubeadm")
    target.write_bytes(content[:position] + b"bin/kubexxx" + content[position + 11 :])
    with pytest.raises(CskError, match="bin/kubeadm is truncated or altered"):
        obtain.obtain(request(tmp_path / "here", bundle=target), print)


def test_a_bundle_of_another_release_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "bundle.tar"
    bundle.write(a_release(Store(tmp_path / "there"), "1.36.1"), target)
    with pytest.raises(CskError, match=r"holds 1\.36\.1, not 1\.36\.3"):
        obtain.obtain(request(tmp_path / "here", bundle=target), print)


def test_a_bundle_cannot_write_elsewhere(tmp_path: Path) -> None:
    folder = a_release(Store(tmp_path / "there"))
    content = manifest.read(folder / manifest.NAME)
    (tmp_path / "there" / "artifacts" / "releases" / "evil").write_text("evil")
    content["files"]["../evil"] = manifest.sha256(folder / ".." / "evil")
    (folder / manifest.NAME).write_text(manifest.text(content))
    bundle.write(folder, tmp_path / "bundle.tar")
    with pytest.raises(CskError, match=r"names the file '\.\./evil'"):
        obtain.obtain(request(tmp_path / "here", bundle=tmp_path / "bundle.tar"), print)


def test_bundle_needs_its_variable(tmp_path: Path) -> None:
    with pytest.raises(CskError, match="artifacts_bundle: isn't set"):
        obtain.obtain(request(tmp_path), print)


def test_what_the_release_file_changed_is_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = a_release(store)
    wanted = catalogue.load_release("1.36.3")
    assert obtain.faults(store, wanted) == []
    content = manifest.read(folder / manifest.NAME)
    content["components"]["etcd"]["version"] = "3.6.15"
    (folder / manifest.NAME).write_text(manifest.text(content))
    assert obtain.faults(store, wanted) == ["etcd is 3.6.15 3.6.8-0, the release says 3.6.8 3.6.8-0"]


def test_auto_takes_modules_where_upstream_is_silent(tmp_path: Path) -> None:
    assert obtain.choose(catalogue.load_release("1.36.3"), request(tmp_path, source="auto")) == "modules"
