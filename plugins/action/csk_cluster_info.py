# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_cluster_info: clusters in the ledger beside what is really there."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.info import cluster_info, summary
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session


class ActionModule(CskAction):
    """The work of csk_cluster_info."""

    module = "csk_cluster_info"

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Read one cluster, or all of them."""
        chosen = [session.cluster(values["name"])] if values["name"] else session.ledger.clusters()
        clusters = [cluster_info(session, cluster) for cluster in chosen]
        if values["show"]:
            for info in clusters:
                for line in summary(info):
                    self.say(line)
            if not clusters:
                self.say(f"no clusters in the ledger of {session.home}")
        return {"changed": False, "clusters": clusters}
