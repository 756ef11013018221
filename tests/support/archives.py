# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives of images in the forms that programs write which aren't here, made from one of docker save's."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

NAME, REF = "io.containerd.image.name", "org.opencontainers.image.ref.name"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


def parts(archive: Path) -> tuple[bytes, list[bytes]]:
    """The configuration and the layers of the one image of an archive as docker save writes it."""
    with tarfile.open(archive) as packed:

        def content(name: str) -> bytes:
            found = packed.extractfile(name)
            assert found is not None
            return found.read()

        (entry,) = json.loads(content("manifest.json"))
        return content(entry["Config"]), [content(layer) for layer in entry["Layers"]]


def changed(config: bytes, comment: str, platform: str = "amd64") -> bytes:
    """The configuration of another image with the same layers."""
    return json.dumps(json.loads(config) | {"comment": comment, "architecture": platform}).encode()


def docker(path: Path, layers: list[bytes], images: list[tuple[bytes, list[str] | None]]) -> Path:
    """As docker save writes it.

    :param images: configuration -> names; None where it was saved by its ID.
    """
    files = {f"{digest(layer)}/layer.tar": layer for layer in layers}
    entries = []
    for config, names in images:
        files[f"{digest(config)}.json"] = config
        entries.append({"Config": f"{digest(config)}.json", "RepoTags": names, "Layers": list(files)[: len(layers)]})
    return _pack(path, files | {"manifest.json": json.dumps(entries).encode()})


def layout(path: Path, layers: list[bytes], images: list[tuple[list[bytes], dict[str, str]]]) -> Path:
    """As buildx and skopeo write an OCI layout; an image of several platforms has an attestation too.

    :param images: configurations, one for each platform, and annotations.
    """
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(data: bytes, kind: str, **more: Any) -> dict[str, Any]:
        files[f"blobs/sha256/{digest(data)}"] = data
        return {"mediaType": kind, "digest": f"sha256:{digest(data)}", "size": len(data)} | more

    def manifest(config: bytes, packed: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        kind = "application/vnd.oci.image.config.v1+json"
        content = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": blob(config, kind), "layers": packed}
        return blob(json.dumps(content).encode(), _MANIFEST, **more)

    layer_kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    packed = [blob(gzip.compress(layer, mtime=0), layer_kind) for layer in layers]
    top = []
    for configs, notes in images:
        platforms = [{"os": "linux", "architecture": json.loads(config)["architecture"]} for config in configs]
        inner = [manifest(c, packed, platform=p) for c, p in zip(configs, platforms, strict=True)]
        if len(inner) > 1:
            nobody = {"os": "unknown", "architecture": "unknown"}
            empty = json.dumps(nobody | {"rootfs": {"type": "layers", "diff_ids": []}}).encode()
            inner.append(manifest(empty, [], platform=nobody))
            entry = blob(json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": inner}).encode(), _INDEX)
        else:
            entry = inner[0]
        top.append(entry | ({"annotations": notes} if notes else {}))
    return _pack(path, files | {"index.json": json.dumps({"schemaVersion": 2, "manifests": top}).encode()})


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _pack(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as packed:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            packed.addfile(entry, io.BytesIO(data))
    return path
