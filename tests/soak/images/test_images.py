# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images are loaded from every form that docker, buildx and skopeo write, or refused by name; pods run them."""

from __future__ import annotations

import copy
import json
import lzma
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import archives
from support.archives import NAME, REF
from support.cluster import TestCluster
from support.kube import pod
from support.playbooks import Outcome

LIBRARY = "docker.io/library"
LARGE = 600 << 20  # bytes: more than the memory of the smallest worker


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, echo: Path) -> tuple[Path, bytes, list[bytes]]:
    """A folder; the configuration and the layers of the tests' image."""
    return tmp_path_factory.mktemp("forms"), *archives.parts(echo)


def load(cluster: TestCluster, image: str, **variables: Any) -> Outcome:
    """Run load_image."""
    return cluster.playbooks.run("load_image", csk_name=cluster.name, csk_image=image, **variables)


def names(cluster: TestCluster, node: str = "default-1") -> set[str]:
    """The names of the images that a node's runtime has."""
    found = json.loads(cluster.machines(node, "/usr/local/bin/crictl", "images", "--output", "json"))["images"]
    return {name for image in found for name in image["repoTags"]}


def runs(cluster: TestCluster, namespace: str, *images: str) -> None:
    """A pod of each image, which isn't pulled, becomes Ready."""
    made = [{"image": image, "imagePullPolicy": "Never"} for image in images]
    pods = [pod(f"form-{n}", namespace, "default-1", "serve", container=one) for n, one in enumerate(made)]
    cluster.kube.apply(*pods)
    cluster.kube.wait("pod", "condition=Ready", "--all", "-n", namespace)


def test_every_form_is_loaded_by_name(
    healthy: TestCluster, namespace: str, made: tuple[Path, bytes, list[bytes]], note: Callable[[str, str], None]
) -> None:
    folder, config, layers = made

    def another(comment: str, platform: str = "amd64") -> bytes:
        return archives.changed(config, comment, platform)

    several = [(another("1"), ["forms:1"]), (another("2"), ["me/forms:2", "quay.test/forms:2"])]
    plain = archives.docker(folder / "docker.tar", layers, several)
    named = archives.layout(folder / "named.tar", layers, [([another("3")], {NAME: f"{LIBRARY}/forms:3", REF: "3"})])
    skopeo = archives.layout(folder / "skopeo.tar", layers, [([another("4")], {REF: "forms:4"})])
    both = [another("5"), another("5", "arm64")]
    platforms = archives.layout(folder / "platforms.tar", layers, [(both, {NAME: f"{LIBRARY}/forms:5", REF: "5"})])
    tagged = archives.layout(folder / "tagged.tar", layers, [([another("6")], {REF: "6"})])
    unnamed = archives.docker(folder / "unnamed.tar", layers, [(another("7"), None)])
    packed = archives.docker(folder / "packed.tar", layers, [(another("8"), ["forms:8"])])
    subprocess.run(["gzip", "-f", packed], check=True)
    xz = folder / "forms.tar.xz"
    xz.write_bytes(lzma.compress(archives.docker(folder / "x.tar", layers, [(another("9"), ["forms:9"])]).read_bytes()))
    zstd = archives.layout(folder / "zstd.tar", layers, [([another("10")], {REF: "forms:10"})])
    subprocess.run(["zstd", "-qf", zstd], check=True)
    before = names(healthy)
    for path in (plain, named, skopeo, platforms, Path(f"{packed}.gz"), xz, Path(f"{zstd}.zst")):
        load(healthy, str(path)).good()
        again = load(healthy, str(path)).good()
        assert not again.changed, again.text
    for path, number in ((tagged, 6), (unnamed, 7)):
        load(healthy, str(path), csk_image_name=f"forms:{number}").good()
    wanted = {f"{LIBRARY}/forms:{number}" for number in range(1, 11) if number != 2}
    wanted |= {"docker.io/me/forms:2", "quay.test/forms:2"}
    for node in healthy.nodes:
        assert names(healthy, node) - before == wanted, node
        assert "csk-image" not in healthy.machines(node, "ls", "/var/lib/containerd")
        left = healthy.machines(node, "/usr/local/bin/ctr", "-n", "k8s.io", "images", "list", "--quiet")
        assert "import-" not in left
    runs(healthy, namespace, *sorted(wanted))
    note("forms of image archives", f"{len(wanted)} names, a pod of each runs")


def test_what_nobody_could_name_is_refused_by_name(healthy: TestCluster, made: tuple[Path, bytes, list[bytes]]) -> None:
    folder, config, layers = made
    before = names(healthy)
    unnamed = archives.docker(folder / "unnamed.tar", layers, [(archives.changed(config, "u"), None)])
    identity = archives.digest(archives.changed(config, "u"))[:12]
    load(healthy, str(unnamed)).refused(f"{unnamed} holds images without a name", identity, "csk_image_name", "Do:")
    tagged = archives.layout(folder / "tagged.tar", layers, [([archives.changed(config, "t")], {REF: "1.2"})])
    load(healthy, str(tagged)).refused("tag 1.2", "csk_image_name")
    foreign = archives.layout(folder / "arm.tar", layers, [([archives.changed(config, "a", "arm64")], {REF: "arm:1"})])
    load(healthy, str(foreign)).refused(f"{LIBRARY}/arm:1 is for linux/arm64; the node is linux/amd64")
    load(healthy, str(folder)).refused("is a folder", "tar -C")
    load(healthy, "no/such.tar").refused("there is no file no/such.tar", "the Engine has no image", "Do:")
    cut = folder / "cut.tar"
    cut.write_bytes(unnamed.read_bytes()[:20000])
    load(healthy, str(cut)).refused("csk_image", str(cut))
    assert names(healthy) == before


def test_a_path_starts_where_one_stands(healthy: TestCluster, made: tuple[Path, bytes, list[bytes]]) -> None:
    _folder, config, layers = made
    here = healthy.playbooks.folder / "empty"
    here.mkdir(exist_ok=True)
    archives.docker(here / "near.tar", layers, [(archives.changed(config, "near"), ["near:1"])])
    try:
        load(healthy, "near.tar").good()
    finally:
        (here / "near.tar").unlink()
    assert f"{LIBRARY}/near:1" in names(healthy)


@pytest.fixture
def engine(healthy: TestCluster, made: tuple[Path, bytes, list[bytes]]) -> Iterator[str]:
    """An image of the Engine; its ID."""
    folder, config, layers = made
    name = f"{healthy.name}-engine:1"
    path = archives.docker(folder / "engine.tar", layers, [(archives.changed(config, "engine"), [name])])
    with path.open("rb") as data:
        healthy.machines.api.load_image(data)
    yield healthy.machines.api.inspect_image(name)["Id"]
    healthy.machines.api.remove_image(name, force=True)


def test_an_image_of_the_engine_by_tag_and_by_id(healthy: TestCluster, engine: str) -> None:
    name = f"{healthy.name}-engine:1"
    load(healthy, name, csk_nodes="default-1").good()
    assert f"{LIBRARY}/{name}" in names(healthy) - names(healthy, "default-2")
    for word in (engine, engine.removeprefix("sha256:")[:12]):
        assert not load(healthy, word).good().changed.get("default-1", 0)
    assert f"{LIBRARY}/{name}" in names(healthy, "default-2")
    load(healthy, engine, csk_image_name="by-id:1").good()
    assert f"{LIBRARY}/by-id:1" in names(healthy)


def test_a_large_image_on_the_smallest_worker(
    healthy: TestCluster, made: tuple[Path, bytes, list[bytes]], note: Callable[[str, str], None]
) -> None:
    folder, config, layers = made
    file = copy.deepcopy(healthy.file)
    file["csk_nodepools"].append({"name": "small", "desired_size": 1, "instance": {"memory": "512Mi"}})
    healthy.playbooks.run("create", file=file).good()
    ballast = folder / "layer.tar"
    with tarfile.open(ballast, "w") as packed:
        entry = tarfile.TarInfo("ballast")
        entry.size = LARGE
        with Path("/dev/urandom").open("rb") as source:
            packed.addfile(entry, source)
    whole = [*layers, ballast.read_bytes()]
    settings = json.loads(archives.changed(config, "large"))
    settings["rootfs"]["diff_ids"].append(f"sha256:{archives.digest(whole[-1])}")
    settings.pop("history", None)
    large = archives.docker(folder / "large.tar", whole, [(json.dumps(settings).encode(), ["large:1"])])
    del whole
    before = healthy.machines.state("small-1")
    loaded = load(healthy, str(large), csk_nodes="small-1").good()
    assert healthy.machines.state("small-1") == before
    assert f"{LIBRARY}/large:1" in names(healthy, "small-1")
    journal = healthy.machines("small-1", "journalctl", "-b", "--no-pager", "-u", "containerd", "-u", "kubelet")
    assert "oom" not in journal.lower()
    assert "killed" not in healthy.machines("small-1", "systemctl", "status", "containerd", "--no-pager").lower()
    note(f"an image of {LARGE >> 20} MiB on a worker of 512 MiB", f"{loaded.seconds:.0f} s")
    file["csk_nodepools"][1] = {"name": "small", "state": "absent"}
    healthy.playbooks.run("scale", file=file).good()


def test_machines_that_are_made_later_have_it(
    healthy: TestCluster, made: tuple[Path, bytes, list[bytes]], note: Callable[[str, str], None]
) -> None:
    """A worker more has the image before its Node is there; one whose archive is gone is named by the plan."""
    cluster, image = healthy, f"{LIBRARY}/later:1"
    folder, config, layers = made
    archive = folder / "later.tar"
    archives.docker(archive, layers, [(archives.changed(config, "later"), ["later:1"])])
    load(cluster, str(archive)).good()
    archive.unlink()
    kept = cluster.playbooks.home / "clusters" / cluster.name / "images"
    assert "later:1" in "".join(path.read_text() for path in kept.glob("*/about.json"))
    pinned = 'labels."io.cri-containerd.pinned"==pinned'
    ctr = ("/usr/local/bin/ctr", "--namespace", "k8s.io", "images", "list", "--quiet", pinned)
    for node in cluster.nodes:
        assert image in cluster.machines(node, *ctr).split()

    more = copy.deepcopy(cluster.file)
    more["csk_nodepools"][0]["desired_size"] = 3
    cluster.playbooks.run("create", file=more).good()
    assert image in cluster.machines("default-3", *ctr).split()
    began = "journalctl --unit kubelet --output short-unix --lines 1000000 | grep -m 1 -o '^[0-9.]*'"
    joined = float(cluster.machines("default-3", "sh", "-c", began))
    imported = "journalctl --unit containerd --output short-unix | grep -m 1 'later:1' | grep -o '^[0-9.]*'"
    assert float(cluster.machines("default-3", "sh", "-c", imported)) < joined

    for path in kept.glob("*/archive.tar"):
        if "later:1" in (path.parent / "about.json").read_text():
            path.unlink()
    assert f"image {image}: new machines won't have it" in cluster.playbooks.run("plan", file=more).good().text
    forget = f"state=forgotten cluster={cluster.name} name={image}"
    done = subprocess.run(
        ["ansible", "localhost", "-m", "csk.kubernetes.csk_load_image", "-a", forget],
        check=False, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "won't have it" not in cluster.playbooks.run("plan", file=more).good().text
    cluster.playbooks.run("scale", file=cluster.file).good()
