# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files that a component publishes lie, and how their checksums are written. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .images import ARCHITECTURE
from .recipes import RECIPES
from .release import Component


@dataclass(frozen=True)
class Places:
    """Where published files lie; each can be a mirror with the same layout. All without / at the end.

    :param registry: put in place of an image name's registry; empty for the registries themselves.
    """

    kubernetes: str
    containerd: str
    runc: str
    cni_plugins: str
    crictl: str
    registry: str = ""


@dataclass(frozen=True)
class Download:
    """One published file.

    :param checksums: the URL of its checksum, or of a list of them.
    :param members: for an archive: path in it -> path in the component's folder; else ``""`` -> that path.
    """

    url: str
    checksums: str
    members: dict[str, str]


def downloads(component: Component, places: Places) -> list[Download]:
    """What is published of a component, apart from images."""
    version, name = component.version, component.name
    paths = [path for path in RECIPES[name].packages.values() if not path.startswith("programs/")]
    if name == "kubernetes":
        base = f"{places.kubernetes}/release/v{version}/bin/linux/{ARCHITECTURE}"
        return [Download(f"{base}/{Path(path).name}", f"{base}/{Path(path).name}.sha256", {"": path}) for path in paths]
    if name == "runc":
        base = f"{places.runc}/releases/download/v{version}"
        return [Download(f"{base}/runc.{ARCHITECTURE}", f"{base}/runc.sha256sum", {"": "bin/runc"})]
    archives = {
        "containerd": (
            places.containerd,
            f"containerd-static-{version}-linux-{ARCHITECTURE}.tar.gz",
            "sha256sum",
            "bin/",
        ),
        "cni-plugins": (places.cni_plugins, f"cni-plugins-linux-{ARCHITECTURE}-v{version}.tgz", "sha256", ""),
        "crictl": (places.crictl, f"crictl-v{version}-linux-{ARCHITECTURE}.tar.gz", "sha256", ""),
    }
    if name not in archives:
        return []
    place, archive, kind, folder = archives[name]
    url = f"{place}/releases/download/v{version}/{archive}"
    return [Download(url, f"{url}.{kind}", {f"{folder}{Path(path).name}": path for path in paths})]


def checksum(text: str, name: str) -> str:
    """A file's SHA-256 from a published checksum file: the bare digest, or a list in the format of sha256sum.

    :returns: empty where the file isn't named.
    """
    for line in text.splitlines():
        match = re.fullmatch(r"([0-9a-fA-F]{64})(?:\s+\*?(?:.*/)?(\S+))?\s*", line)
        if match and match[2] in (None, name):
            return match[1].lower()
    return ""
