# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that were loaded onto a cluster's nodes, with their archives, for the machines that are made later.

They are in csk_home, ``clusters/NAME/images``: a folder for each archive, with ``about.json`` beside the archive.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core.models import Machine

_ABOUT, _ARCHIVE = "about.json", "archive.tar"


@dataclass(frozen=True)
class Loaded:
    """What one archive's images are, and which nodes have them.

    :param images: each with ``names``, and ``configs``: platform -> digest.
    :param nodes: the machines' names; empty: all of the cluster.
    """

    images: Sequence[Mapping[str, Any]]
    nodes: Sequence[str]

    @property
    def names(self) -> list[str]:
        """The images' names."""
        return [name for image in self.images for name in image["names"]]

    @property
    def key(self) -> str:
        """The folder's name: the same images have the same."""
        content = json.dumps([dict(image["configs"]) for image in self.images], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def keep(cluster: Path, archive: Path, loaded: Loaded) -> bool:
    """Keep an archive; a name that it has is no other's any more. Whether something was changed.

    :param cluster: the cluster's folder in csk_home.
    """
    folder = cluster / "images" / loaded.key
    before = _read(folder)
    if before and _covers(before, loaded) and (folder / _ARCHIVE).exists():
        return False
    if before:
        loaded = _both(before, loaded)
    forget(cluster, [name for name in loaded.names if not (before and name in before.names)])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / _ARCHIVE).exists():
        new = folder / f"{_ARCHIVE}.new"
        shutil.copyfile(archive, new)
        new.chmod(0o600)
        new.rename(folder / _ARCHIVE)
    _write(folder, loaded)
    return True


def forget(cluster: Path, names: Sequence[str]) -> bool:
    """Keep images no longer, by their names; the archive goes with its last. Whether there was one."""
    changed = False
    for folder, loaded in _all(cluster):
        if not set(names) & set(loaded.names):
            continue
        changed = True
        left = [dict(image) | {"names": [n for n in image["names"] if n not in names]} for image in loaded.images]
        if any(image["names"] for image in left):
            _write(folder, Loaded(left, loaded.nodes))
        else:
            shutil.rmtree(folder)
    return changed


def of_machine(cluster: Path, machine: Machine) -> list[dict[str, Any]]:
    """What a new machine gets: archives that are there, each with its images, as csk_load_image takes them.

    A machine that takes another's place gets what that one has.
    """
    mine = {machine.name, machine.replaces}
    return [
        {"archive": str(folder / _ARCHIVE), "images": [dict(image) for image in loaded.images if image["names"]]}
        for folder, loaded in _all(cluster)
        if (folder / _ARCHIVE).exists() and (not loaded.nodes or mine & set(loaded.nodes))
    ]


def gone(cluster: Path) -> list[str]:
    """The names of the images whose archive isn't there any more."""
    return [name for folder, loaded in _all(cluster) if not (folder / _ARCHIVE).exists() for name in loaded.names]


def names(cluster: Path) -> list[str]:
    """The names of all images that are kept."""
    return [name for _folder, loaded in _all(cluster) for name in loaded.names]


def _covers(before: Loaded, after: Loaded) -> bool:
    nodes = not before.nodes or (bool(after.nodes) and set(after.nodes) <= set(before.nodes))
    return nodes and set(after.names) <= set(before.names)


def _both(before: Loaded, after: Loaded) -> Loaded:
    """The same images with all their names, on all nodes that have them by one."""
    names = [[*image["names"], *old["names"]] for image, old in zip(after.images, before.images, strict=True)]
    images = [dict(image) | {"names": list(dict.fromkeys(n))} for image, n in zip(after.images, names, strict=True)]
    every = not before.nodes or not after.nodes
    return Loaded(images, [] if every else sorted({*before.nodes, *after.nodes}))


def _all(cluster: Path) -> list[tuple[Path, Loaded]]:
    folders = sorted((cluster / "images").glob("*/"))
    return [(folder, loaded) for folder in folders if (loaded := _read(folder))]


def _read(folder: Path) -> Loaded | None:
    try:
        return Loaded(**json.loads((folder / _ABOUT).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(folder: Path, loaded: Loaded) -> None:
    new = folder / f"{_ABOUT}.new"
    new.write_text(json.dumps(asdict(loaded)), encoding="utf-8")
    new.rename(folder / _ABOUT)
