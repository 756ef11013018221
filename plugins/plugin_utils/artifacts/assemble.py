# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a release together from its components: files by hard links, images written anew."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import images, manifest
from .recipes import IMAGES, Image
from .release import Release


def image_name(release: Release, image: Image) -> str:
    """The image's full name in a release, with kubeadm's tag."""
    return f"{image.name}:{release.components[image.component].tag}"


def link(source: Path, target: Path) -> None:
    """Give a file a second name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, target)


def link_programs(component: Path, target: Path) -> None:
    """Link what a component brings for the nodes themselves."""
    for folder in ("bin", "cni"):
        for path in sorted((component / folder).glob("*")):
            link(path, target / folder / path.name)


def write_images(release: Release, folders: dict[str, Path], target: Path, scratch: Path) -> dict[str, dict[str, str]]:
    """Write every image of a release.

    :param folders: component -> its folder; ``debian`` is what comes from Debian packages.
    :returns: image name -> its file, its ID and what it was built from.
    """
    (target / "images").mkdir()
    written = {}
    for image in IMAGES:
        component = release.components[image.component]
        layer = images.base() | {
            path.lstrip("/"): images.Entry(folders[image.component] / source) for path, source in image.programs.items()
        }
        if image.certificates:
            layer["etc/ssl/certs/ca-certificates.crt"] = images.Entry(
                folders["debian"] / "programs" / "ca-certificates.crt", mode=0o644
            )
        top = scratch / f"{image.short}.layer"
        images.write_layer(top, layer)
        layers = [folders["debian"] / "programs" / "tools.tar"] if image.tools else []
        path = f"images/{image.short}.tar"
        name = image_name(release, image)
        identity = images.write_archive(target / path, name, [*layers, top], image.entrypoint, image.user)
        written[name] = {"file": path, "id": identity, "built_from": f"{component.module} {component.version}"}
        top.unlink()
    return written


def layout() -> str:
    """A digest of what decides how images are written, apart from their components."""
    content = [[asdict(image) for image in IMAGES], {name: repr(entry) for name, entry in images.base().items()}]
    return hashlib.sha256(json.dumps([content, images.PATH], sort_keys=True).encode()).hexdigest()


def finish(folder: Path, release: Release, content: dict[str, Any]) -> dict[str, Any]:
    """Write the manifest, last, and return it.

    :param content: its ``source``, ``components`` and ``images``.
    """
    files = manifest.tree(folder)
    content = content | {
        "release": release.version,
        "layout": layout(),
        "digest": manifest.overall(files),
        "files": files,
    }
    (folder / manifest.NAME).write_text(manifest.text(content), "utf-8")
    return content
