# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_snapshot: a snapshot of etcd, from the master that the task runs on to the controller, or back."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import snapshot
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_snapshot."""

    module = "csk_snapshot"
    logged = True
    _requires_connection = True

    def work(self, task: Task) -> dict[str, Any]:
        """Take a snapshot, or put one onto a master."""
        return snapshot.bring(task)
