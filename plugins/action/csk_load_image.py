# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_load_image: the images of an archive, read on the controller and brought into a node's container runtime."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import images
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.steps import Task


class ActionModule(CskAction):
    """The work of csk_load_image."""

    module = "csk_load_image"
    _requires_connection = True

    def work(self, task: Task) -> dict[str, Any]:
        """Read the archive, or load what the node lacks."""
        return images.bring(task)
