# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source ``upstream``: published binaries, whose checksums are verified, and published images."""

from __future__ import annotations

import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..core.errors import CskError, Problem
from . import assemble, manifest
from .published import Download, Places, checksum, downloads
from .recipes import IMAGES
from .release import Component, Release
from .store import Say, Store

_RECORD = "component.json"
_NEED_GB = 4
_TIMEOUT = 60
_PROBE_TIMEOUT = 4
_AGENT = "csk"

# Pulls an image (name, mirror) and writes it as an archive; what it was made from. The other one connects to it.
Pull = Callable[[str, str, Path], dict[str, str]]
Engine = Callable[[], Pull]


def answers(release: Release, places: Places) -> bool:
    """Whether upstream can be reached and has the release: asks for kubeadm's checksum, and waits a few seconds."""
    url = downloads(release.components["kubernetes"], places)[0].checksums
    from ansible.module_utils.urls import open_url

    try:
        open_url(url, method="HEAD", timeout=_PROBE_TIMEOUT, http_agent=_AGENT).close()
    except (OSError, ValueError):
        return False
    return True


def obtain(store: Store, release: Release, places: Places, engine: Engine, say: Say) -> list[str]:
    """Download what is missing of a release, and publish it.

    :param engine: connects to what pulls the images.
    :returns: what was downloaded.
    :raises CskError: for what can't be had, or isn't what its checksum says.
    """
    store.need(_NEED_GB, "downloading a release")
    pull = engine()
    published = [part for part in release.components.values() if downloads(part, places)]
    todo = [part for part in published if not _is_right(store, part)]
    steps = len(todo) + len(IMAGES)
    for number, component in enumerate(todo, 1):
        begun = time.monotonic()
        _fetch_component(store, component, places)
        say(f"[{number}/{steps}] {component.name} {component.version} ... {time.monotonic() - begun:.0f} s")
    target = store.scratch()
    recorded: dict[str, Any] = {}
    for component in release.components.values():
        recorded[component.name] = {"version": component.version, "tag": component.tag}
        if component in published:
            folder = _folder(store, component)
            assemble.link_programs(folder, target)
            recorded[component.name]["from"] = (manifest.read(folder / _RECORD) or {})["from"]
    (target / "images").mkdir()
    written = {}
    for number, image in enumerate(IMAGES, len(todo) + 1):
        begun = time.monotonic()
        name, path = assemble.image_name(release, image), f"images/{image.short}.tar"
        written[name] = {"file": path} | pull(name, places.registry, target / path)
        say(f"[{number}/{steps}] {name} ... {time.monotonic() - begun:.0f} s")
    assemble.finish(target, release, {"source": "upstream", "components": recorded, "images": written})
    store.publish(target, store.release(release.version))
    return [component.name for component in todo] + [image.short for image in IMAGES]


def _folder(store: Store, component: Component) -> Path:
    """Published files are kept apart from those that were built here."""
    return store.component(f"upstream-{component.name}", component.version)


def _is_right(store: Store, component: Component) -> bool:
    record = manifest.read(_folder(store, component) / _RECORD)
    return record is not None and not manifest.faults(_folder(store, component), record["files"])


def _fetch_component(store: Store, component: Component, places: Places) -> None:
    folder = store.scratch()
    sources = {}
    for download in downloads(component, places):
        name = download.url.rsplit("/", 1)[1]
        loaded = store.scratch() / name
        expected = checksum(_get(download.checksums).decode(errors="replace"), name)
        _get(download.url, loaded)
        found = manifest.sha256(loaded)
        if found != expected:
            raise _problem(
                f"{download.url} has the SHA-256 {found}; {download.checksums} says {expected or 'nothing of it'}.",
                "what is downloaded must have its published checksum.",
                "try again; where it stays, the file or the mirror is damaged: ask those who run it.",
            )
        sources[download.url] = found
        _unpack(loaded, download, folder)
    record = {
        "component": component.name,
        "version": component.version,
        "from": sources,
        "files": manifest.tree(folder),
    }
    (folder / _RECORD).write_text(manifest.text(record), "utf-8")
    store.publish(folder, _folder(store, component))


def _unpack(loaded: Path, download: Download, folder: Path) -> None:
    for path in download.members.values():
        (folder / path).parent.mkdir(exist_ok=True)
    if "" in download.members:
        loaded.rename(folder / download.members[""])
    else:
        with tarfile.open(loaded) as archive:
            members = {member.name.removeprefix("./"): member for member in archive if member.isfile()}
            for name, path in download.members.items():
                file = archive.extractfile(members[name]) if name in members else None
                if file is None:
                    raise _problem(
                        f"{download.url} doesn't hold {name}.",
                        "a published archive holds the component's programs.",
                        "check the component's version in the release file.",
                    )
                with (folder / path).open("wb") as out:
                    shutil.copyfileobj(file, out)
    for path in download.members.values():
        (folder / path).chmod(0o755)


def _get(url: str, target: Path | None = None) -> bytes:
    from ansible.module_utils.urls import open_url

    try:
        with open_url(url, timeout=_TIMEOUT, http_agent=_AGENT) as answer:
            if target is None:
                return answer.read()
            with target.open("wb") as out:
                shutil.copyfileobj(answer, out)
    except (OSError, ValueError) as error:
        raise _problem(
            f"{url} can't be had: {error}.",
            "upstream needs the published files, or a mirror with the same layout (artifacts_upstream_*_url).",
            "check the network and proxy, or use the source modules or bundle.",
        ) from error
    return b""


def _problem(what: str, rule: str, fix: str) -> CskError:
    return CskError(Problem("artifacts_source", what, rule, fix))
