# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Obtaining a release: nothing where it is there and right, else from the source that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import CskError, Problem
from ..rules.versions import Minor
from . import bundle, manifest, modules, upstream
from .golang import Caches
from .published import Places
from .release import Release, of
from .store import Say, Store
from .upstream import Engine

_CACHE_LIMIT_GB = 6  # with a release's artifacts it stays below 8 GB


@dataclass(frozen=True)
class Request:
    """What the user asked for.

    :param version: a minor or an exact version.
    :param source: auto, upstream, modules or bundle.
    :param home: csk_home.
    :param minors: the version catalogue.
    :param engine: connects to what pulls published images.
    :param bundle: the archive that the source bundle reads.
    :param bundle_to: where to write an archive of the release.
    :param go_cache_dir: a folder with Go's caches that the user keeps; None for csk's own.
    :param keep_go_cache: whether csk's own caches are kept, within bounds, after a build.
    """

    version: str
    source: str
    home: Path
    places: Places
    minors: dict[str, Minor]
    engine: Engine
    bundle: Path | None = None
    bundle_to: Path | None = None
    go_cache_dir: Path | None = None
    keep_go_cache: bool = False

    def caches(self) -> Caches:
        """Go's caches for this request."""
        if self.go_cache_dir is not None:
            return Caches(self.go_cache_dir, own=False)
        return Caches(self.home / "cache" / "go", own=True)


def obtain(request: Request, say: Say, check: bool = False) -> dict[str, Any]:
    """Make a release's artifacts be there and right.

    :param say: called with each line of progress.
    :param check: change nothing, only tell.
    :returns: changed, msg, and what the module's RETURN says.
    :raises CskError: with everything that is in the way.
    """
    release = of(request.version, request.minors)
    _check(request)
    store = Store(request.home)
    if check:
        return _forecast(store, release, request)
    with store.locked(say):
        reasons = faults(store, release)
        obtained: list[str] = []
        if reasons:
            source = choose(release, request)
            say(f"artifacts of {release.version} from {source}: {'; '.join(reasons[:5])}")
            obtained = _obtain_from(source, store, release, request, say)
        written = request.bundle_to is not None and bundle.write(store.release(release.version), request.bundle_to)
    content = manifest.read(store.release(release.version) / manifest.NAME) or {}
    told = (
        f"artifacts of {release.version} obtained from {content['source']}"
        if reasons
        else (f"artifacts of {release.version} are there and right")
    )
    return _result(store, release, content) | {
        "changed": bool(reasons) or written,
        "msg": told + (f"; bundle written to {request.bundle_to}" if written else ""),
        "obtained": obtained,
    }


def faults(store: Store, release: Release) -> list[str]:
    """Why a release's artifacts aren't what they should be, one line each; nothing where they are."""
    folder = store.release(release.version)
    content = manifest.read(folder / manifest.NAME)
    if content is None:
        return ["there is no complete set yet"]
    components = content.get("components", {})
    recorded = {name: [part.get("version"), part.get("tag")] for name, part in components.items()}
    found = [
        f"{name} is {' '.join(recorded.get(name) or ['missing'])}, the release says {' '.join(wanted)}"
        for name, wanted in release.versions().items()
        if recorded.get(name) != wanted
    ]
    if content.get("source") == "modules":
        found += modules.built_otherwise(release, content)
    return found + manifest.faults(folder, content["files"])


def choose(release: Release, request: Request) -> str:
    """The source to take: ``auto`` is upstream where it answers, else modules."""
    if request.source != "auto":
        return request.source
    return "upstream" if upstream.answers(release, request.places) else "modules"


def _check(request: Request) -> None:
    if request.source == "bundle" and request.bundle is None:
        raise CskError(
            Problem(
                "artifacts_bundle",
                "isn't set.",
                "the source bundle reads an archive.",
                "set artifacts_bundle to an archive that was written with artifacts_bundle_to.",
            )
        )


def _obtain_from(source: str, store: Store, release: Release, request: Request, say: Say) -> list[str]:
    if source == "upstream":
        return upstream.obtain(store, release, request.places, request.engine, say)
    if source == "bundle" and request.bundle is not None:
        return bundle.obtain(store, release, request.bundle)
    caches = request.caches()
    built = modules.obtain(store, release, caches, say)
    caches.bound(_CACHE_LIMIT_GB if request.keep_go_cache else 0)
    return built


def _forecast(store: Store, release: Release, request: Request) -> dict[str, Any]:
    reasons = faults(store, release)
    content = manifest.read(store.release(release.version) / manifest.NAME) or {}
    if not reasons:
        return _result(store, release, content) | {
            "changed": False,
            "msg": f"artifacts of {release.version} are there and right",
            "obtained": [],
        }
    source = choose(release, request)
    parts = modules.missing(store, modules.components(release)) if source == "modules" else release.components.values()
    return {
        "changed": True,
        "release": release.version,
        "source": source,
        "path": str(store.release(release.version)),
        "msg": f"artifacts of {release.version} would be obtained from {source}: {'; '.join(reasons[:5])}",
        "obtained": [f"{part.name} {part.version}" for part in parts],
    }


def _result(store: Store, release: Release, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "release": release.version,
        "source": content["source"],
        "path": str(store.release(release.version)),
        "digest": content["digest"],
        "images": {name: image["file"] for name, image in content["images"].items()},
    }
