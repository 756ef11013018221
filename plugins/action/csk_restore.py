# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_restore: begins to make a cluster anew from a snapshot of etcd; create goes on with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils import restore
from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction, cluster_result
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session


class ActionModule(CskAction):
    """The work of csk_restore."""

    module = "csk_restore"
    logged = True

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Check the snapshot, record the restoration, and remove the machines that are made anew."""
        del task_vars
        if not self.check_mode:
            session.lock(values["name"])
        cluster = session.cluster(values["name"])
        path = Path(values["snapshot"]).expanduser().absolute()
        snapshot = restore.check(session, cluster, path, values["confirm"], values["version"])
        if self.check_mode:
            names = restore.going(session.ledger.machines(cluster.name), snapshot)
            changes = restore.sentences(cluster, names, snapshot)
        else:
            changes = restore.begin(session, cluster, path, snapshot)
        for line in changes:
            self.say(line)
        return {"changed": True, "changes": changes, "cluster": cluster_result(session.cluster(cluster.name))}
