# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of csk_node_image; the module of the same name documents it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import connection
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.engine import Engine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.image import BaseTree, NodeImage
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.store import BUILD_ARTIFACTS, Store
from ansible_collections.csk.kubernetes.plugins.plugin_utils.tree import artifacts_digest

ROLES = Path(__file__).resolve().parents[2] / "roles"


class ActionModule(ActionBase):
    """Makes the base image, starts the build machine, turns it into the node image."""

    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec={
                "csk_home": {"type": "path"},
                "release": {"type": "str"},
                "state": {"type": "str", "choices": ["base", "building", "present"], "required": True},
                "base_image": {"type": "str", "default": ""},
                "mirror": {"type": "str", "default": ""},
                "suite": {"type": "str", "default": ""},
                "packages": {"type": "list", "elements": "str", "required": True},
                "data_root": {"type": "path", "default": "/var/lib/csk"},
            },
            required_if=[("state", "building", ["release"]), ("state", "present", ["release"])],
        )
        try:
            return self._run(options)
        except CskError as err:
            raise AnsibleActionFail(str(err)) from err

    def _run(self, options: dict[str, Any]) -> dict[str, Any]:
        home = Path(options["csk_home"] or os.environ.get("CSK_HOME") or "~/.csk").expanduser()
        artifacts = home / "artifacts" / "releases"
        base = BaseTree(
            script=ROLES / "node_image" / "files" / "base.sh",
            packages=tuple(options["packages"]),
            mirror=options["mirror"],
            suite=options["suite"],
            image=options["base_image"],
        )
        engine = Engine(options["data_root"])
        if problems := engine.problems():
            raise CskError(problems)
        image = NodeImage(Store(engine, artifacts), base, [ROLES / "node", ROLES / "node_image"])
        check, release = self._task.check_mode, options["release"]
        if options["state"] == "base":
            return {"changed": image.make_base(check=check)}
        if options["state"] == "present":
            if not check:
                image.finish(release)
            return {"changed": True}
        artifacts_digest(artifacts / release)
        if image.current(release):
            return {"changed": False, "machine": {}}
        if check:
            return {"changed": True, "machine": {}}
        image.make_base()
        variables = connection(image.begin(release))
        return {
            "changed": True,
            "machine": {
                **variables,
                "node_artifacts_dir": str(artifacts / release),
                "node_artifacts_on_host": BUILD_ARTIFACTS,
            },
        }
