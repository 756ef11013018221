# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_node_image: the image that the node containers of a release boot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.errors import CskError
from ..providers.container.engine import Engine
from ..providers.container.image import BaseTree, NodeImage
from ..providers.container.names import connection
from ..providers.container.store import BUILD_ARTIFACTS, Store
from ..rules import versions
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
    engine = Engine(values["data_root"])
    if problems := engine.problems():
        raise CskError(problems)
    artifacts = session.home / "artifacts" / "releases"
    image = NodeImage(Store(engine, artifacts), base, [ROLES / "node", ROLES / "node_image"], session.say)
    if values["state"] == "base":
        return {"changed": image.make_base(check=task.check)}
    release = versions.resolve(values["version"] or "", session.minors)
    if values["state"] == "present":
        if not task.check:
            image.finish(release)
        return {"changed": True, "release": release}
    if not task.check:
        image.store.wait_for_builder(release)
    result: dict[str, Any] = {"changed": not image.current(release), "release": release, "machine": {}}
    if result["changed"] and not task.check:
        image.make_base()
        result["machine"] = connection(image.begin(release)) | {
            "node_artifacts_dir": str(artifacts / release),
            "node_artifacts_on_host": BUILD_ARTIFACTS,
        }
    return result
