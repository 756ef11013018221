# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_cluster: a cluster's record, network, CAs and masters; its end states."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import cluster
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_cluster."""

    module = "csk_cluster"
    logged = True

    def work(self, task: Task) -> dict[str, Any]:
        """Bring the cluster to the state that is asked for."""
        return cluster.bring(task)
