# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_restore: begins to make a cluster anew from a snapshot of etcd; create goes on with it."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import restore
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_restore."""

    module = "csk_restore"
    logged = True

    def work(self, task: Task) -> dict[str, Any]:
        """Check the snapshot, record the restoration, and remove what is made anew."""
        return restore.restore(task)
