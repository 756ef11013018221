# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles node and node_image install on a machine beside a release's binaries, for an upgrade in place.

The upgrade puts it beside everything else of the target on the node; node.sh installs it in the node's turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..core.tree import node_stamp

FOLDER = "/var/cache/csk/release"
CONTAINERD_CONFIG = "/etc/containerd/config.toml"


def node_tree(roles: Path, release: str, artifacts: Path, container: bool) -> dict[str, tuple[str, int]]:
    """The files below ``FOLDER``: path -> content and mode.

    ``root`` holds what is installed, ``files`` its paths; ``images`` and ``ids`` the release's images, ``packages``
    what must be installed of the distribution, and ``node-release`` the stamp that the node has then.

    :param roles: the folder of the collection's roles.
    :param artifacts: the release's, on the controller.
    :param container: whether the machine is a container, which needs more at each boot.
    :raises CskError: where there is no whole set of artifacts.
    """
    stamp = node_stamp(release, artifacts, roles / "node")
    images = json.loads((artifacts / "manifest.json").read_text())["images"]
    installed = _files(roles / "node") | (_files(roles / "node_image") if container else {})
    installed[CONTAINERD_CONFIG] = (_containerd_config(roles / "node", images), 0o644)
    lists = {
        "files": sorted(installed),
        "images": images,
        "ids": [image["id"] for image in images.values()],
        "packages": _variables(roles / "node")["__node_packages"],
    }
    return (
        {f"{FOLDER}/root{path}": file for path, file in installed.items()}
        | {f"{FOLDER}/{name}": ("".join(f"{line}\n" for line in lines), 0o644) for name, lines in lists.items()}
        | {f"{FOLDER}/node-release": (stamp, 0o644)}
    )


def _files(role: Path) -> dict[str, tuple[str, int]]:
    root = role / "files" / "root"
    return {
        f"/{path.relative_to(root)}": (path.read_text(), 0o755 if path.stat().st_mode & 0o100 else 0o644)
        for path in root.rglob("*")
        if path.is_file()
    }


def _variables(role: Path) -> Mapping[str, Any]:
    import yaml

    return yaml.safe_load((role / "vars" / "main.yml").read_text())


def _containerd_config(role: Path, images: Iterable[str]) -> str:
    """The template as role node fills it in."""
    import jinja2

    text = (role / "templates" / "config.toml.j2").read_text()
    pause = next(name for name in images if "/pause:" in name)
    return jinja2.Template(text, keep_trailing_newline=True).render(__node_pause=pause)
