# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_node_files: files of the ledger onto a node, in one step, without any of them in a result or a command line."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import node_files
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_node_files."""

    module = "csk_node_files"
    _requires_connection = True

    def work(self, task: Task) -> dict[str, Any]:
        """Write the files, and say which of them changed."""
        return node_files.write(task)
