# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_node_image: the image that the machines of a release start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..providers.base import BaseTree
from ..rules import versions
from . import argspec
from .steps import Task

ROLES = Path(__file__).parents[3] / "roles"


def make(task: Task) -> dict[str, Any]:
    """Make the tree, start the build machine, or make the image of it."""
    session, values = task.session, task.values
    base = BaseTree(
        script=ROLES / "node_image" / "files" / "base.sh",
        packages=tuple(values["packages"]),
        mirror=values["mirror"],
        suite=values["suite"],
        image=values["base_image"],
    )
    settings = argspec.provider_settings(values["provider"], values["provider_options"])
    provider = session.provider(values["provider"], settings)
    images = provider.node_images(base, [ROLES / "node", ROLES / "node_image"], session.say)
    if values["state"] == "base":
        return {"changed": images.make_base(check=task.check)}
    release = versions.resolve(values["version"] or "", session.minors)
    if values["state"] == "present":
        if not task.check:
            images.finish(release)
        return {"changed": True, "release": release}
    if not task.check:
        images.wait(release)
    result: dict[str, Any] = {"changed": not images.current(release), "release": release, "machine": {}}
    if result["changed"] and not task.check:
        images.make_base()
        folder = session.home / "artifacts" / "releases" / release
        variables = images.begin(release) | {"node_release": release, "node_artifacts_dir": str(folder)}
        result["machine"] = {"name": "csk-build", "step": "build", "variables": variables}
    return result
