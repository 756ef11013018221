# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers and image archives: what is in them, and that they are the same whenever they are written."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from pathlib import Path

from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import images, manifest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.images import Entry

NAME = "registry.k8s.io/pause:3.10.2"


def written(folder: Path, time: int, reverse: bool = False) -> Path:
    folder.mkdir(parents=True)
    program = folder / "program"
    program.write_bytes(b"program" * 1000)
    program.chmod(0o700)
    os.utime(program, (time, time))
    layer = images.base() | {"usr/bin/program": Entry(program), "bin": Entry(link="usr/bin")}
    if reverse:
        layer = dict(reversed(layer.items()))
    images.write_layer(folder / "layer.tar", layer)
    images.write_archive(folder / "image.tar", NAME, [folder / "layer.tar"], "/usr/bin/program", "65535:65535")
    return folder / "image.tar"


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    one = written(tmp_path / "one", 1)
    other = written(tmp_path / "two" / "deeper", 2_000_000_000, reverse=True)
    assert one.read_bytes() == other.read_bytes()


def test_an_archive_is_what_docker_save_writes(tmp_path: Path) -> None:
    with tarfile.open(written(tmp_path / "one", 1)) as archive:
        listing = json.load(archive.extractfile("manifest.json"))[0]
        text = archive.extractfile(listing["Config"]).read()
        layer = archive.extractfile(listing["Layers"][0]).read()
    config = json.loads(text)
    assert listing["RepoTags"] == [NAME]
    assert listing["Config"] == hashlib.sha256(text).hexdigest() + ".json"
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/usr/bin/program"]
    assert config["config"]["User"] == "65535:65535"
    assert "/usr/local/bin" in config["config"]["Env"][0]
    assert "created" not in config


def test_a_layer_has_no_owner_and_no_time(tmp_path: Path) -> None:
    written(tmp_path / "one", 1)
    with tarfile.open(tmp_path / "one" / "layer.tar") as archive:
        members = {member.name: member for member in archive}
    assert list(members) == sorted(members)
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members.values()} == {(0, 0, "", 0)}
    assert members["usr"].isdir()
    assert members["usr/bin/program"].mode == 0o755
    assert members["tmp"].mode == 0o1777
    assert members["bin"].linkname == "usr/bin"


def test_faults_are_told_by_file(tmp_path: Path) -> None:
    for name in ("good", "cut", "altered", "gone"):
        (tmp_path / name).write_text("content")
    files = manifest.tree(tmp_path)
    (tmp_path / "cut").write_text("cont")
    (tmp_path / "altered").write_text("c0ntent")
    (tmp_path / "gone").unlink()
    (tmp_path / "more").write_text("not recorded")
    assert manifest.faults(tmp_path, files) == [
        "altered is truncated or altered",
        "cut is truncated or altered",
        "gone is missing",
    ]


def test_the_overall_digest_is_that_of_sorted_lines() -> None:
    expected = hashlib.sha256(b"a/b 11\nc 22\n").hexdigest()
    assert manifest.overall({"c": "22", "a/b": "11"}) == manifest.overall({"a/b": "11", "c": "22"}) == expected
