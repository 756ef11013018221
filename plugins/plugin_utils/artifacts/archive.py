# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images an archive holds, as docker save, buildx and skopeo write it; it is read as a stream, never unpacked."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from ..core.errors import CskError, Problem

WHERE = "csk_image"
_JSON_BYTES = 4 << 20  # what containerd reads of a manifest at most
_NAME, _REF = "io.containerd.image.name", "org.opencontainers.image.ref.name"
_INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?:[a-zA-Z0-9.-]+\.[a-zA-Z0-9.-]+|localhost|[a-zA-Z0-9.-]+(?=:[0-9]+/))(?::[0-9]+)?/)?"
    rf"{_COMPONENT}(?:/{_COMPONENT})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
)
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass
class Image:
    """An image of an archive.

    :param names: as containerd has them, such as ``docker.io/library/shop:1.2``.
    :param configs: ``linux/amd64`` -> the digest of its configuration, which is the image's ID.
    :param tags: what stands where a name should, and is none.
    """

    names: list[str] = field(default_factory=list)
    configs: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """What people know it by, where it has no name."""
        return ", ".join([*(digest[:19] for digest in self.configs.values()), *(f"tag {tag}" for tag in self.tags)])


def read(path: Path, name: str | None = None) -> list[Image]:
    """The images of an archive, each with a name.

    :param name: the one that its image gets, in place of its own.
    :raises CskError: for what is no whole archive of images, and for images that nobody could find by a name.
    """
    members, all_names = _members(path)
    images = _of_layout(members, all_names) if "oci-layout" in members else []
    known = {digest: image for image in images for digest in image.configs.values()}
    for image in _of_docker(members, all_names):
        (digest,) = image.configs.values()
        if digest in known:
            known[digest].names = list(dict.fromkeys([*known[digest].names, *image.names]))
        else:
            known[digest] = image
            images.append(image)
    if not images:
        rule = "it is an archive of whole images, as docker save, buildx (type=docker or oci) and skopeo write it."
        raise _problem(path, "holds no image that is whole.", rule, "save the image anew.")
    if name:
        if len(images) > 1:
            rule = "one name is for one image."
            raise _problem(path, f"holds {len(images)} images.", rule, "leave csk_image_name out.")
        images[0].names = [_checked(name, "csk_image_name")]
    unnamed = [image.shown for image in images if not image.names]
    if unnamed:
        rule = "pods find an image by its name and tag."
        fix = "save it by its name, or give -e csk_image_name=shop:1.2 where it holds one image."
        raise _problem(path, f"holds images without a name: {'; '.join(unnamed)}.", rule, fix)
    return images


def full_name(name: str) -> str:
    """As containerd has it: ``shop:1`` is ``docker.io/library/shop:1``, ``me/shop`` is ``docker.io/me/shop:latest``."""
    if ":" not in name.rpartition("/")[2]:
        name += ":latest"
    first, slash, _rest = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


def compression(start: bytes) -> str:
    """How a file is compressed, by its first bytes; empty: it isn't."""
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "")


def _checked(name: str, where: str) -> str:
    if _REFERENCE.fullmatch(name):
        return full_name(name)
    rule = "an image's name is like quay.io/me/shop:1.2, with a tag and not with a digest."
    raise CskError(Problem(where, f"{name!r} is refused.", rule, "write it so."))


def _members(path: Path) -> tuple[dict[str, Any], set[str]]:
    """The small JSON files of an archive, by their names; and the names of all files."""
    found: dict[str, Any] = {}
    names = set()
    if path.is_dir():
        rule, fix = "it is one file.", f"pack it: tar -C {path} -cf image.tar ."
        raise _problem(path, "is a folder.", rule, fix)
    try:
        with _opened(path) as archive:
            for member in archive:
                name = member.name.removeprefix("./")
                names.add(name)
                if not member.isfile() or member.size > _JSON_BYTES:
                    continue
                content = archive.extractfile(member)
                data = content.read() if content else b""
                if data.lstrip()[:1] in (b"{", b"["):
                    try:
                        found[name] = (json.loads(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
                    except ValueError:
                        continue
    except (tarfile.TarError, EOFError, OSError, lzma.LZMAError) as error:
        rule = "it is a tar archive, as it is or compressed by gzip, bzip2, xz or zstd."
        raise _problem(path, f"can't be read: {error}.", rule, "save the image anew.") from None
    return found, names


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as file:
        kind = compression(file.read(6))
        file.seek(0)
        if not kind:  # what is large is skipped
            with tarfile.open(fileobj=file, mode="r:") as archive:
                yield archive
            return
        if kind == "zstd":
            with _zstd(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
                yield archive
            return
        opener = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}[kind]
        with opener(file) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            yield archive


@contextmanager
def _zstd(path: Path) -> Iterator[IO[bytes]]:
    program = shutil.which("zstd")
    if not program:
        rule = "what is compressed by zstd is read by the program zstd."
        raise _problem(path, "can't be read: zstd isn't here.", rule, "install zstd, or decompress the archive.")
    with subprocess.Popen([program, "-dcq", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield cast("IO[bytes]", process.stdout)
        finally:
            process.kill()


def _of_docker(members: dict[str, Any], names: set[str]) -> Iterator[Image]:
    """Those of manifest.json, as ``docker save`` writes it."""
    for entry in _listed(members.get("manifest.json", ([], ""))[0]):
        config = members.get(entry.get("Config", ""))
        if config is None or not set(_listed(entry.get("Layers"))) <= names:
            continue
        tags = [_checked(tag, WHERE) for tag in entry.get("RepoTags") or []]
        yield Image(tags, {_platform(config[0]): config[1]})


def _of_layout(members: dict[str, Any], names: set[str]) -> list[Image]:
    """Those of an OCI layout; one digest that is listed by several names is one image."""
    found: dict[str, Image] = {}
    for entry in members.get("index.json", ({}, ""))[0].get("manifests", []):
        configs = dict(_configs(entry, members, names))
        if not configs:
            continue
        image = found.setdefault(entry["digest"], Image(configs=configs))
        notes = entry.get("annotations") or {}
        said = notes.get(_NAME) or notes.get(_REF)
        if said and (_NAME in notes or set(said) & {":", "/"}):
            image.names.append(_checked(said, WHERE))
        elif said:
            image.tags.append(said)
    return list(found.values())


def _configs(entry: dict[str, Any], members: dict[str, Any], names: set[str]) -> Iterator[tuple[str, str]]:
    """The configurations of the whole images below an entry of an index, by their platforms; attestations are none."""
    content = members.get(_blob(entry), (None, ""))[0]
    if not isinstance(content, dict):
        return
    if entry.get("mediaType") in _INDEXES or "manifests" in content:
        for inner in content.get("manifests", []):
            if (inner.get("platform") or {}).get("os") != "unknown":
                yield from _configs(inner, members, names)
        return
    config = members.get(_blob(content.get("config") or {}))
    layers = {_blob(layer) for layer in content.get("layers", [])}
    if config and "rootfs" in config[0] and layers <= names:
        yield _platform(config[0]), config[1]


def _blob(entry: dict[str, Any]) -> str:
    return "blobs/" + str(entry.get("digest", "")).replace(":", "/")


def _platform(config: dict[str, Any]) -> str:
    return f"{config.get('os', 'linux')}/{config.get('architecture', '')}"


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else []


def _problem(path: Path, what: str, rule: str, fix: str) -> CskError:
    return CskError(Problem(WHERE, f"{path} {what}", rule, fix))
