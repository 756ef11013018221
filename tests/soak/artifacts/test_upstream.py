# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source upstream, against a real file server and a real registry that have upstream's layout."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from support.servers import Upstream, file_server, publish_files, push_images, registry

from .conftest import VERSION, Playbook, rewrite


@pytest.fixture(scope="module")
def upstream(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """What `make artifacts` obtained, published as upstream does."""
    folder = tmp_path_factory.mktemp("published")
    with file_server(folder) as url, registry(made, tmp_path_factory.mktemp("registry")) as address:
        publish_files(made / "releases" / VERSION, url, folder)
        push_images(made / "releases" / VERSION, address)
        yield Upstream(url, folder, address)


def names_of(archive: Path) -> list[str]:
    """The names of an image archive's images."""
    with tarfile.open(archive) as opened:
        file = opened.extractfile("manifest.json")
        assert file
        return [name for image in json.load(file) for name in image["RepoTags"]]


def test_everything_is_obtained_verified_and_left_alone(
    upstream: Upstream, made: Path, tmp_path: Path, playbook: Playbook
) -> None:
    engine = docker.from_env()
    before = sorted(tag for image in engine.images.list() for tag in image.tags)
    home = tmp_path / "home"
    outcome = playbook(home, **upstream.variables())
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    release = home / "artifacts" / "releases" / VERSION
    for folder in ("bin", "cni"):
        expected = {path.name: path.read_bytes() for path in (made / "releases" / VERSION / folder).iterdir()}
        assert {path.name: path.read_bytes() for path in (release / folder).iterdir()} == expected
        assert all(path.stat().st_mode & 0o777 == 0o755 for path in (release / folder).iterdir())
    content = json.loads((release / "manifest.json").read_text())
    built = json.loads((made / "releases" / VERSION / "manifest.json").read_text())
    assert set(content["images"]) == set(built["images"])
    assert set(content["files"]) == set(built["files"])
    for name, image in content["images"].items():
        assert names_of(release / image["file"]) == [name]
        assert image["built_from"].startswith(f"{upstream.registry}/")
        assert "@sha256:" in image["built_from"]
        assert image["id"] == built["images"][name]["id"]
    assert sorted(tag for image in engine.images.list() for tag in image.tags) == before
    assert playbook(home, **upstream.variables()).changed == 0


def test_a_damaged_file_is_refused_by_its_url(upstream: Upstream, tmp_path: Path, playbook: Playbook) -> None:
    published = upstream.folder / "kubernetes" / "release" / f"v{VERSION}" / "bin" / "linux" / "amd64" / "kubelet"
    content = published.read_bytes()
    rewrite(published, lambda content: content[:-1] + b"x")
    home = tmp_path / "home"
    try:
        outcome = playbook(home, **upstream.variables())
    finally:
        published.write_bytes(content)
    assert outcome.code != 0
    assert f"{upstream.url}/kubernetes/release/v{VERSION}/bin/linux/amd64/kubelet has the SHA-256" in outcome.text
    assert not (home / "artifacts" / "releases").exists()


def test_what_is_not_published_is_told_by_its_url(upstream: Upstream, tmp_path: Path, playbook: Playbook) -> None:
    variables = upstream.variables() | {"artifacts_upstream_runc_url": f"{upstream.url}/elsewhere"}
    outcome = playbook(tmp_path / "home", **variables)
    assert outcome.code != 0
    assert f"{upstream.url}/elsewhere/releases/download" in outcome.text
    assert "404" in outcome.text


def test_an_image_that_cannot_be_pulled_is_told(upstream: Upstream, tmp_path: Path, playbook: Playbook) -> None:
    variables = upstream.variables() | {"artifacts_upstream_registry": f"{upstream.registry}/elsewhere"}
    outcome = playbook(tmp_path / "home", **variables)
    assert outcome.code != 0
    assert f"{upstream.registry}/elsewhere/kube-apiserver:v{VERSION} can't be had" in outcome.text


def test_auto_asks_upstream_first(upstream: Upstream, tmp_path: Path, playbook: Playbook) -> None:
    variables = upstream.variables() | {"artifacts_source": "auto"}
    outcome = playbook(tmp_path / "home", "--check", **variables)
    assert "would be obtained from upstream" in outcome.text
    variables["artifacts_upstream_kubernetes_url"] = "http://127.0.0.1:1"
    outcome = playbook(tmp_path / "home", "--check", **variables)
    assert "would be obtained from modules" in outcome.text
