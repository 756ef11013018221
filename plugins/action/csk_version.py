# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_version: which exact version a word means, and what may be done with it on a date."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import version
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_version."""

    module = "csk_version"

    def work(self, task: Task) -> dict[str, Any]:
        """Judge one version, or the newest of each minor; and an upgrade, where one is asked about."""
        return version.judge(task)
