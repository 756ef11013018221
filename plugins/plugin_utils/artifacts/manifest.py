# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of files, and the manifests that record them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

NAME = "manifest.json"
_CHUNK = 1 << 20


def sha256(path: Path) -> str:
    """A file's SHA-256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def digests(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Path below the folder -> SHA-256; empty for a file that isn't there."""

    def one(name: str) -> str:
        path = folder / name
        return sha256(path) if path.is_file() else ""

    ordered = sorted(names)
    with ThreadPoolExecutor(2) as pool:  # hashing leaves the interpreter's lock
        return dict(zip(ordered, pool.map(one, ordered), strict=True))


def tree(folder: Path) -> dict[str, str]:
    """The digests of all files of a folder."""
    return digests(folder, (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))


def overall(files: dict[str, str]) -> str:
    """One digest over all: SHA-256 of the lines ``path sha256``, sorted."""
    lines = "".join(f"{name} {files[name]}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def faults(folder: Path, files: dict[str, str]) -> list[str]:
    """What is wrong with the files of a folder, one line each; nothing where all are as recorded."""
    found = digests(folder, files)
    return [
        f"{name} is {'missing' if not found[name] else 'truncated or altered'}"
        for name in sorted(files)
        if found[name] != files[name]
    ]


def read(path: Path) -> dict[str, Any] | None:
    """A manifest, or None where there is none that can be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and isinstance(content.get("files"), dict) else None


def text(content: dict[str, Any]) -> str:
    """A manifest as it is written."""
    return json.dumps(content, indent=1, sort_keys=True) + "\n"
