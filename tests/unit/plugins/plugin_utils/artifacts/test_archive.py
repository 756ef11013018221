# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of images in every form that docker, buildx and skopeo write: what they hold, and what is refused."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import archive
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError

NAME, REF = "io.containerd.image.name", "org.opencontainers.image.ref.name"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def config(text: str, platform: str = "amd64") -> bytes:
    return json.dumps({"os": "linux", "architecture": platform, "rootfs": {}, "comment": text}).encode()


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as packed:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return path


def docker(*images: tuple[str, list[str] | None]) -> dict[str, bytes]:
    """As docker save writes it."""
    files, entries = {}, []
    for text, tags in images:
        data, layer = config(text), text.encode() * 100
        files |= {f"{digest(data)}.json": data, f"{digest(layer)}/layer.tar": layer}
        entries.append({"Config": f"{digest(data)}.json", "RepoTags": tags, "Layers": [f"{digest(layer)}/layer.tar"]})
    return files | {"manifest.json": json.dumps(entries).encode()}


def blob(files: dict[str, bytes], data: bytes, kind: str, **more: Any) -> dict[str, Any]:
    files[f"blobs/sha256/{digest(data)}"] = data
    return {"mediaType": kind, "digest": f"sha256:{digest(data)}", "size": len(data)} | more


def oci(*images: tuple[dict[str, str], list[str], dict[str, str]]) -> dict[str, bytes]:
    """As buildx and skopeo write it: each image's annotations, its platforms, and what isn't an image beside them."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}
    top = []
    for number, (notes, platforms, more) in enumerate(images):
        inner = []
        for platform in platforms:
            layer = blob(files, f"layer {number} {platform}".encode(), "layer")
            settings = blob(files, config(str(number), platform), "config")
            manifest = json.dumps({"config": settings, "layers": [layer]}).encode()
            inner.append(blob(files, manifest, MANIFEST, platform={"os": "linux", "architecture": platform}))
        if more.get("attestation"):
            empty = json.dumps({"config": blob(files, config("", "unknown"), "config"), "layers": []}).encode()
            inner.append(blob(files, empty, MANIFEST, platform={"os": "unknown", "architecture": "unknown"}))
        nested = len(inner) > 1
        entry = blob(files, json.dumps({"manifests": inner}).encode(), INDEX) if nested else inner[0]
        top.append(entry | {"annotations": notes})
    return files | {"index.json": json.dumps({"manifests": top}).encode()}


def id_of(text: str, platform: str = "amd64") -> str:
    return f"sha256:{digest(config(text, platform))}"


LIBRARY = "docker.io/library"
FORMS = {
    "docker save NAME": (docker(("a", ["shop:1"])), [([f"{LIBRARY}/shop:1"], {"linux/amd64": id_of("a")})]),
    "docker save of several": (
        docker(("a", ["shop:1", "quay.io/me/shop:1"]), ("b", ["me/b:2"])),
        [
            ([f"{LIBRARY}/shop:1", "quay.io/me/shop:1"], {"linux/amd64": id_of("a")}),
            (["docker.io/me/b:2"], {"linux/amd64": id_of("b")}),
        ],
    ),
    "buildx type=oci": (
        oci(({NAME: f"{LIBRARY}/shop:1", REF: "1"}, ["amd64"], {"attestation": "1"})),
        [([f"{LIBRARY}/shop:1"], {"linux/amd64": id_of("0")})],
    ),
    "buildx of two platforms": (
        oci(({NAME: "shop:1"}, ["amd64", "arm64"], {"attestation": "1"})),
        [([f"{LIBRARY}/shop:1"], {"linux/amd64": id_of("0"), "linux/arm64": id_of("0", "arm64")})],
    ),
    "skopeo oci-archive with a reference": (
        oci(({REF: "quay.io/shop:1"}, ["amd64"], {})),
        [(["quay.io/shop:1"], {"linux/amd64": id_of("0")})],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(tmp_path, form):
    files, wanted = FORMS[form]
    found = archive.read(pack(tmp_path / "image.tar", files))
    assert [(image.names, image.configs) for image in found] == wanted


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zstd"])
def test_compressed(tmp_path, form, kind):
    files, wanted = FORMS[form]
    plain = pack(tmp_path / "image.tar", files)
    packed = tmp_path / "image"
    if kind == "zstd":
        if not shutil.which("zstd"):
            pytest.skip("zstd isn't here")
        subprocess.run(["zstd", "-q", plain, "-o", packed], check=True)
    else:
        packed.write_bytes({"gzip": gzip, "bzip2": bz2, "xz": lzma}[kind].compress(plain.read_bytes()))
    assert archive.compression(packed.read_bytes()[:6]) == kind
    assert [(image.names, image.configs) for image in archive.read(packed)] == wanted


def test_a_newer_docker_save_says_both(tmp_path):
    layout = oci(({}, ["amd64"], {}))
    name = next(key for key, data in layout.items() if data == config("0"))
    entries = [{"Config": name, "RepoTags": ["shop:1"], "Layers": []}]
    found = archive.read(pack(tmp_path / "image.tar", layout | {"manifest.json": json.dumps(entries).encode()}))
    assert [image.names for image in found] == [[f"{LIBRARY}/shop:1"]]


def test_one_image_by_two_names_is_one(tmp_path):
    both = oci(({REF: "shop:1"}, ["amd64"], {}))
    index = json.loads(both["index.json"])
    index["manifests"].append(index["manifests"][0] | {"annotations": {REF: "shop:2"}})
    found = archive.read(pack(tmp_path / "image.tar", both | {"index.json": json.dumps(index).encode()}))
    assert [image.names for image in found] == [[f"{LIBRARY}/shop:1", f"{LIBRARY}/shop:2"]]


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (docker(("a", None)), [id_of("a")[:19], "without a name", "csk_image_name"]),
        (docker(("a", ["shop:1"]), ("b", [])), [id_of("b")[:19], "without a name"]),
        (oci(({}, ["amd64"], {})), [id_of("0")[:19], "without a name"]),
        (oci(({REF: "1.2"}, ["amd64"], {})), ["tag 1.2", "without a name"]),
        (docker(("a", ["Shop:1"])), ["'Shop:1' is refused"]),
        (docker(("a", ["shop@sha256:" + "a" * 64])), ["is refused"]),
        ({"manifest.json": b"[]"}, ["no image that is whole"]),
        ({"hello": b"hello"}, ["no image that is whole"]),
        ({k: v for k, v in docker(("a", ["shop:1"])).items() if "layer" not in k}, ["no image that is whole"]),
        (
            {k: v for k, v in oci(({REF: "s:1"}, ["amd64"], {})).items() if v[:5] != b"layer"},
            ["no image that is whole"],
        ),
    ],
)
def test_what_is_refused(tmp_path, files, parts):
    with pytest.raises(CskError) as caught:
        archive.read(pack(tmp_path / "image.tar", files))
    assert all(part in str(caught.value) for part in ["csk_image", "Rule:", "Do:", *parts])


@pytest.mark.parametrize("content", [b"", b"hello", gzip.compress(b"hello"), b"\x28\xb5\x2f\xfdhello"])
def test_what_is_no_archive(tmp_path, content):
    path = tmp_path / "image.tar"
    path.write_bytes(content)
    with pytest.raises(CskError, match=r"can't be read|no image that is whole"):
        archive.read(path)


def test_what_ends_in_its_middle(tmp_path):
    whole = pack(tmp_path / "image.tar", docker(("a" * 5000, ["shop:1"]))).read_bytes()
    for data in (whole[: len(whole) // 2], gzip.compress(whole)[:-20]):
        (tmp_path / "half").write_bytes(data)
        with pytest.raises(CskError, match=r"can't be read|no image that is whole"):
            archive.read(tmp_path / "half")


def test_a_folder(tmp_path):
    with pytest.raises(CskError, match="is a folder"):
        archive.read(tmp_path)


@pytest.mark.parametrize(
    ("files", "name", "names"),
    [
        (docker(("a", None)), "shop:1", [f"{LIBRARY}/shop:1"]),
        (docker(("a", ["old:1"])), "me/shop", ["docker.io/me/shop:latest"]),
        (oci(({REF: "1.2"}, ["amd64"], {})), "mirror:5000/shop:1", ["mirror:5000/shop:1"]),
        (docker(("a", None), ("b", None)), "shop:1", None),
        (docker(("a", None)), "Shop", None),
        (docker(("a", None)), "shop:1 ", None),
        (docker(("a", None)), "shop@sha256:" + "a" * 64, None),
    ],
)
def test_a_name_that_is_given(tmp_path, files, name, names):
    path = pack(tmp_path / "image.tar", files)
    if names is None:
        with pytest.raises(CskError, match="csk_image"):
            archive.read(path, name)
    else:
        assert [image.names for image in archive.read(path, name)] == [names]


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("shop:1", "docker.io/library/shop:1"),
        ("shop", "docker.io/library/shop:latest"),
        ("me/shop:1", "docker.io/me/shop:1"),
        ("docker.io/me/shop:1", "docker.io/me/shop:1"),
        ("quay.io/shop:1", "quay.io/shop:1"),
        ("localhost/shop:1", "localhost/shop:1"),
        ("mirror:5000/shop", "mirror:5000/shop:latest"),
        ("mirror:5000/a/b/shop:1", "mirror:5000/a/b/shop:1"),
    ],
)
def test_names_as_containerd_has_them(written, full):
    assert archive.full_name(written) == full
