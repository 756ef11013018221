# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_node_image: the image that the node containers of a release boot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import connection
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.engine import Engine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.image import BaseTree, NodeImage
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.store import BUILD_ARTIFACTS, Store
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session

ROLES = Path(__file__).parent.parent.parent / "roles"


class ActionModule(CskAction):
    """The work of csk_node_image."""

    module = "csk_node_image"

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Make the tree, start the build machine, or make the image of it."""
        del task_vars
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
            return {"changed": image.make_base(check=self.check_mode)}
        release = catalogue.resolve(values["version"] or "", session.minors)
        if values["state"] == "present":
            if not self.check_mode:
                image.finish(release)
            return {"changed": True, "release": release}
        if not self.check_mode:
            image.store.wait_for_builder(release)
        result: dict[str, Any] = {"changed": not image.current(release), "release": release, "machine": {}}
        if result["changed"] and not self.check_mode:
            image.make_base()
            result["machine"] = connection(image.begin(release)) | {
                "node_artifacts_dir": str(artifacts / release),
                "node_artifacts_on_host": BUILD_ARTIFACTS,
            }
        return result
