# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_run: all of a run, or none of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.command_line import command_line
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import whole
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_run."""

    module = "csk_run"

    def work(self, task: Task) -> dict[str, Any]:
        """Refuse a part of a run."""
        return whole.begin(task, command_line(self, task.variables))
