# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_upgrade: the steps of an upgrade that go through ledger, provider and API."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.upgrade import steps


class ActionModule(CskAction):
    """The work of csk_upgrade."""

    module = "csk_upgrade"
    logged = True

    def work(self, task: Task) -> dict[str, Any]:
        """Take one step."""
        return steps.take(task)
