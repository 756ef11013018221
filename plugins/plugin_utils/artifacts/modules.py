# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source ``modules``: every component built here from pinned Go modules, then put together."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..core.errors import CskError
from . import assemble, builder, debian, golang, images, manifest
from .recipes import RECIPES
from .release import Component, Release
from .store import Say, Store

DEBIAN = "debian"
_RECORD = "component.json"
_ASSEMBLY_GB = 2
_AT_ONCE = 2
_POLL_SECONDS = 0.1


def components(release: Release) -> list[Component]:
    """What a release is made of: first what comes from Debian, since that is where a machine's setup may be wrong."""
    return [Component(DEBIAN, debian.codename(), DEBIAN), *release.components.values()]


def missing(store: Store, wanted: list[Component]) -> list[Component]:
    """The components that aren't there, or aren't as they were built, or would be built in another way now."""
    return [component for component in wanted if not _is_right(store, component)]


def obtain(store: Store, release: Release, caches: golang.Caches, say: Say) -> list[str]:
    """Build what is missing of a release, and publish it.

    :returns: the components that were built.
    :raises CskError: before anything is built, where something is wrong with this machine.
    """
    wanted = components(release)
    todo = missing(store, wanted)
    go = _prepare(store, todo, caches, say)
    steps = len(todo) + 1
    for number, component in enumerate(todo, 1):
        if component.name == DEBIAN:
            begun = time.monotonic()
            _take_from_debian(store, component)
            say(_line(number, steps, component, begun))
    queue = [(number, component) for number, component in enumerate(todo, 1) if component.name != DEBIAN]
    _build_all(store, queue, steps, go, caches, say)
    begun = time.monotonic()
    _publish_release(store, release, wanted)
    say(f"[{steps}/{steps}] images of {release.version} ... {time.monotonic() - begun:.0f} s")
    return [component.name for component in todo]


def build_component(store: Store, component: Component, go: golang.Go | None, caches: golang.Caches) -> None:
    """Build one component and put it into its place.

    :param go: None where no component is built from Go modules.
    """
    if component.name == DEBIAN:
        _take_from_debian(store, component)
    else:
        _finish(store, _start(store, component, go, caches), go)


def find_go(wanted: list[Component], store: Store, say: Say) -> golang.Go | None:
    """A Go that is new enough for these components."""
    files = [
        builder.module_folder(one) / "go.mod" for one in wanted if one.name in RECIPES and RECIPES[one.name].packages
    ]
    return golang.find(golang.required(files), store.home / "cache", say) if files else None


def read_record(store: Store, component: Component) -> dict[str, Any] | None:
    """What was written down when a component was built."""
    return manifest.read(store.component(component.name, component.version) / _RECORD)


def built_otherwise(release: Release, content: dict[str, Any]) -> list[str]:
    """What of a release would be built in another way now than it was, one line each.

    :param content: the release's manifest.
    """
    wanted = {name: builder.inputs(component) for name, component in release.components.items()}
    wanted[DEBIAN] = str(debian.REVISION)
    recorded = content["components"]
    found = [name for name, inputs in sorted(wanted.items()) if recorded.get(name, {}).get("inputs") != inputs]
    found += ["images"] if content.get("layout") != assemble.layout() else []
    return [f"{name} would be built in another way now" for name in found]


def _is_right(store: Store, component: Component) -> bool:
    record = read_record(store, component)
    if record is None or record.get("inputs") != _inputs(component):
        return False
    return not manifest.faults(store.component(component.name, component.version), record["files"])


def _inputs(component: Component) -> str:
    return str(debian.REVISION) if component.name == DEBIAN else builder.inputs(component)


def _prepare(store: Store, todo: list[Component], caches: golang.Caches, say: Say) -> golang.Go | None:
    built = [component for component in todo if component.name != DEBIAN]
    found = builder.problems(built)
    if found:
        raise CskError(found)
    store.need(_ASSEMBLY_GB + sum(RECIPES[component.name].disk_gb for component in built), "building from modules")
    go = find_go(built, store, say)
    for folder in (caches.build, caches.modules):
        folder.mkdir(parents=True, exist_ok=True)
    return go


def _build_all(
    store: Store,
    numbered: list[tuple[int, Component]],
    steps: int,
    go: golang.Go | None,
    caches: golang.Caches,
    say: Say,
) -> None:
    """Build components, two at a time: each has long stretches that keep only one core busy. The largest first."""
    queue = sorted(numbered, key=lambda item: -RECIPES[item[1].name].disk_gb)
    running: dict[int, builder.Build] = {}
    try:
        while queue or running:
            while queue and len(running) < _AT_ONCE:
                number, component = queue.pop(0)
                say(f"[{number}/{steps}] {component.name} {component.version} ...")
                running[number] = _start(store, component, go, caches)
            for number, build in list(running.items()):
                if build.process.poll() is not None:
                    del running[number]
                    _finish(store, build, go)
                    say(_line(number, steps, build.component, build.begun))
            time.sleep(_POLL_SECONDS)
    finally:
        for build in running.values():
            build.process.terminate()
            build.process.wait()


def _line(number: int, steps: int, component: Component, begun: float) -> str:
    return f"[{number}/{steps}] {component.name} {component.version} ... {time.monotonic() - begun:.0f} s"


def _start(store: Store, component: Component, go: golang.Go | None, caches: golang.Caches) -> builder.Build:
    return builder.start(component, go, caches, store.scratch(), store.scratch() / "messages")


def _finish(store: Store, build: builder.Build, go: golang.Go | None) -> None:
    builder.finish(build)
    _publish(store, build.component, build.folder, builder.record(build.component, go, build.folder))


def _take_from_debian(store: Store, component: Component) -> None:
    """The slim tree and the certificate authorities, with the packages' versions."""
    folder, packages = store.scratch(), store.scratch()
    versions = debian.fetch([*debian.TOOLS, *debian.CERTIFICATES], packages)
    files = debian.contents(packages)
    programs = folder / "programs"
    programs.mkdir()
    images.write_layer(programs / "tools.tar", debian.tools(files))
    (programs / "ca-certificates.crt").write_bytes(debian.certificates(files))
    record = {"inputs": _inputs(component), "packages": versions, "files": manifest.tree(folder)}
    _publish(store, component, folder, record)


def _publish(store: Store, component: Component, folder: Path, record: dict[str, Any]) -> None:
    content = {"component": component.name, "version": component.version} | record
    (folder / _RECORD).write_text(manifest.text(content), "utf-8")
    store.publish(folder, store.component(component.name, component.version))


def _publish_release(store: Store, release: Release, wanted: list[Component]) -> None:
    folders = {component.name: store.component(component.name, component.version) for component in wanted}
    target = store.scratch()
    recorded: dict[str, Any] = {}
    for component in wanted:
        assemble.link_programs(folders[component.name], target)
        record = read_record(store, component) or {}
        recorded[component.name] = {"version": component.version, "tag": component.tag, "module": component.module} | {
            key: record[key] for key in ("inputs", "built_with", "packages") if key in record
        }
    written = assemble.write_images(release, folders, target, store.scratch())
    assemble.finish(target, release, {"source": "modules", "components": recorded, "images": written})
    store.publish(target, store.release(release.version))
