# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_cluster_info: clusters in the ledger beside what is really there."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import info
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_cluster_info."""

    module = "csk_cluster_info"

    def work(self, task: Task) -> dict[str, Any]:
        """Read one cluster, or all of them."""
        return info.read_clusters(task)
