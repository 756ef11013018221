# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_host: a machine becomes a host of the run."""

from __future__ import annotations

import json
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import hosts


class ActionModule(ActionBase):
    """The work of csk_host. Ansible itself adds the host, by the result; so it needs no session."""

    BYPASS_HOST_LOOP = True
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Say which host is to be added."""
        result = super().run(tmp, task_vars)
        try:
            # Ansible's values carry tags, of which a host's variables need none.
            arguments = json.loads(json.dumps(dict(self._task.args), default=str))
            return result | {"changed": False, "add_host": hosts.added(arguments)}
        except CskError as error:
            problems = [vars(problem) for problem in error.problems]
            raise AnsibleActionFail(str(error), result={"problems": problems}) from None
