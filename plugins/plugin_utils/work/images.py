# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of archives, beside those that a node has."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any


def missing_images(manifest: str, there: str) -> list[str]:
    """Names of the archive's images that aren't there, or that name another image there.

    :param manifest: the archive's manifest.json, as ``docker save`` writes it.
    :param there: JSON of ``crictl images``.
    """
    found = {
        (tag, image["id"].removeprefix("sha256:")) for image in json.loads(there)["images"] for tag in image["repoTags"]
    }
    entries = json.loads(manifest)
    wanted = {(_full(tag), PurePosixPath(entry["Config"]).stem) for entry in entries for tag in _tags(entry)}
    return sorted(tag for tag, _digest in wanted - found)


def _tags(entry: dict[str, Any]) -> list[str]:
    return entry.get("RepoTags") or []


def _full(name: str) -> str:
    """As containerd has it: ``shop:1`` becomes ``docker.io/library/shop:1``, ``me/shop:1`` ``docker.io/me/shop:1``."""
    first, slash, _rest = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"
