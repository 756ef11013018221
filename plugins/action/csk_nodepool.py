# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_nodepool: a pool's record and its workers' machines."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import nodepool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_nodepool."""

    module = "csk_nodepool"
    logged = True

    def work(self, task: Task) -> dict[str, Any]:
        """Record the pool, take out the workers that are too many, and make those that it lacks."""
        return nodepool.bring(task)
