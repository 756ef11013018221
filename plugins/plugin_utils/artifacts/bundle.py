# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source ``bundle``: a release in one archive, to be carried to where there is no network."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

from ..core.errors import CskError, Problem
from . import manifest
from .release import Release
from .store import Store

_SAFE = re.compile(r"(bin|cni|images)/[\w.-]+")


def write(folder: Path, target: Path) -> bool:
    """Write a release into one archive: the manifest first, then every file. The same bytes for the same release.

    :param folder: a release whose digests are right.
    :returns: whether it was written; False where the archive holds this release already.
    """
    content = manifest.read(folder / manifest.NAME) or {}
    if (_manifest_of(target) or {}).get("digest") == content["digest"] and _is_whole(target):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished")
    with tarfile.open(unfinished, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in (manifest.NAME, *sorted(content["files"])):
            info = tarfile.TarInfo(name)
            info.size = (folder / name).stat().st_size
            info.mode = 0o755 if name.startswith(("bin/", "cni/")) else 0o644
            with (folder / name).open("rb") as file:
                archive.addfile(info, file)
    unfinished.rename(target)
    return True


def obtain(store: Store, release: Release, source: Path) -> list[str]:
    """Take a release from an archive, and publish it where every digest is right.

    :raises CskError: where the archive isn't a bundle, is damaged, or holds another release.
    """
    content = _manifest_of(source)
    if content is None:
        raise _problem(f"{source} isn't a bundle, or can't be read.", "bundles are written with artifacts_bundle_to.")
    if content.get("release") != release.version:
        raise _problem(f"{source} holds {content.get('release')}, not {release.version}.", "it holds one release.")
    bad = [name for name in content["files"] if not _SAFE.fullmatch(name)]
    if bad:
        raise _problem(f"{source} names the file {bad[0]!r}.", "a bundle holds files of bin, cni and images only.")
    store.need(3, "unpacking a bundle")
    target = store.scratch()
    _extract(source, content, target)
    faults = manifest.faults(target, content["files"])
    if faults or manifest.overall(content["files"]) != content.get("digest"):
        what = f"{source} is damaged: {'; '.join(faults) or 'the manifest does not match its digest'}."
        raise _problem(what, "every file has the digest that the manifest says.")
    (target / manifest.NAME).write_text(manifest.text(content | {"source": "bundle"}), "utf-8")
    store.publish(target, store.release(release.version))
    return sorted(content["files"])


def _extract(source: Path, content: dict[str, Any], target: Path) -> None:
    for folder in ("bin", "cni", "images"):
        (target / folder).mkdir()
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name in content["files"] and member.isfile() else None
                if file is not None:
                    with (target / member.name).open("wb") as out:
                        shutil.copyfileobj(file, out)
                    (target / member.name).chmod(0o644 if member.name.startswith("images/") else 0o755)
    except (tarfile.TarError, OSError) as error:
        raise _problem(f"{source} is damaged: {error}.", "every file has the digest that the manifest says.") from error


def _manifest_of(source: Path) -> dict[str, Any] | None:
    """The manifest of an archive: always its first member, so that reading it costs nothing."""
    try:
        with tarfile.open(source) as archive:
            first = archive.next()
            file = archive.extractfile(first) if first is not None and first.name == manifest.NAME else None
            content = json.loads(file.read()) if file is not None else None
    except (tarfile.TarError, OSError, ValueError):
        return None
    valid = isinstance(content, dict) and isinstance(content.get("files"), dict)
    return content if valid else None


def _is_whole(source: Path) -> bool:
    """Whether an archive goes on to its end: a bundle is written under another name until it does."""
    try:
        with tarfile.open(source) as archive:
            return all(member.offset_data + member.size <= source.stat().st_size for member in archive)
    except (tarfile.TarError, OSError):
        return False


def _problem(what: str, rule: str) -> CskError:
    fix = "carry it over again, or name another file in artifacts_bundle."
    return CskError(Problem("artifacts_bundle", what, rule, fix))
