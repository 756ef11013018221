# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_nodepool_info: node pools in the ledger beside what is really there."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.info import cluster_info
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session


class ActionModule(CskAction):
    """The work of csk_nodepool_info."""

    module = "csk_nodepool_info"

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Read one pool of a cluster, or all of them."""
        cluster = session.cluster(values["cluster"])
        pools = {pool.name: pool.spec for pool in session.ledger.pools(cluster.name)}
        name = values["name"]
        if name and name not in pools:
            rule = "a pool is known by its cluster's ledger."
            fix = f"use one of {', '.join(pools)}."
            raise CskError(Problem("csk_nodepool_info.name", f"there is no pool {name!r}.", rule, fix))
        nodes = cluster_info(session, cluster)["nodes"]
        nodepools = [
            {"name": pool, "cluster": cluster.name, **spec, "nodes": [node for node in nodes if node["pool"] == pool]}
            for pool, spec in pools.items()
            if name in (None, pool)
        ]
        return {"changed": False, "nodepools": nodepools}
