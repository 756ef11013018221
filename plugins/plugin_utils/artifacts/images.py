# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image archives (docker-archive), the same byte for byte whenever and wherever they are written."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import manifest

_PASSWD = b"root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
_GROUP = b"root:x:0:\nnobody:x:65534:\n"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin"
ARCHITECTURE = "amd64"


@dataclass(frozen=True)
class Entry:
    """One thing in a layer: a file (``source``), a link (``link``) or else a folder.

    :param source: a file of the controller, or the content itself.
    """

    source: Path | bytes | None = None
    link: str = ""
    mode: int = 0o755


Layer = dict[str, Entry]


def base() -> Layer:
    """What programs expect to find even in an otherwise empty image."""
    return {
        "etc/passwd": Entry(_PASSWD, mode=0o644),
        "etc/group": Entry(_GROUP, mode=0o644),
        "tmp": Entry(mode=0o1777),
    }


def write_layer(target: Path, layer: Layer) -> None:
    """Write a layer: sorted, owned by root, without times."""
    entries = dict(layer)
    for name in layer:
        for parent in Path(name).parents:
            if str(parent) != ".":
                entries.setdefault(str(parent), Entry())
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(entries):
            _add(archive, name, entries[name])


def write_archive(target: Path, name: str, layers: list[Path], entrypoint: str, user: str = "") -> str:
    """Write an image of these layers.

    :param name: with its tag, as ``ctr images import`` will call it.
    :returns: the image's ID, ``sha256:...`` of its configuration.
    """
    digests = [manifest.sha256(layer) for layer in layers]
    config: dict[str, object] = {"Env": [f"PATH={PATH}"], "Entrypoint": [entrypoint], "WorkingDir": "/"}
    if user:
        config["User"] = user
    image = {
        "architecture": ARCHITECTURE,
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created_by": "csk"} for _digest in digests],
    }
    content = json.dumps(image, sort_keys=True).encode()
    identity = hashlib.sha256(content).hexdigest()
    listing = [
        {"Config": f"{identity}.json", "RepoTags": [name], "Layers": [f"{digest}/layer.tar" for digest in digests]}
    ]
    with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, f"{identity}.json", Entry(content, mode=0o644))
        for digest, layer in zip(digests, layers, strict=True):
            _add(archive, f"{digest}/layer.tar", Entry(layer, mode=0o644))
        _add(archive, "manifest.json", Entry(json.dumps(listing).encode(), mode=0o644))
    return f"sha256:{identity}"


def _add(archive: tarfile.TarFile, name: str, entry: Entry) -> None:
    info = tarfile.TarInfo(name)  # time, owner and group are 0 and empty
    info.mode = entry.mode
    if entry.link:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
        archive.addfile(info)
    elif entry.source is None:
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    else:
        with _open(entry.source) as file:
            info.size = file.seek(0, io.SEEK_END)
            file.seek(0)
            archive.addfile(info, file)


def _open(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
