# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_rebuild: a lost ledger's cluster, put together again from the cluster itself."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import rebuild
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_rebuild."""

    module = "csk_rebuild"
    logged = True
    _requires_connection = True

    def work(self, task: Task) -> dict[str, Any]:
        """Find a master of the lost cluster, or rebuild the cluster's record from it."""
        return rebuild.rebuild(task)
