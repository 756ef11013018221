# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_nodepool: a pool's record and its workers' machines."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils import plan, spec
from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction, diff
from ansible_collections.csk.kubernetes.plugins.plugin_utils.checking import pool_settings, refuse_deleting
from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.models import Pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.reconcile import drop_labels, machines, record_pool
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session


class ActionModule(CskAction):
    """The work of csk_nodepool."""

    module = "csk_nodepool"
    logged = True

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Record the pool, and make what it lacks."""
        if not self.check_mode:
            session.lock(values["cluster"])  # before anything is read, so that it stays true
        cluster = session.cluster(values["cluster"])
        refuse_deleting(cluster)
        name = values["name"]
        recorded = session.ledger.machines(cluster.name)
        mine = [machine for machine in recorded if machine.pool == name]
        pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
        others = [pool.spec | {"name": pool.name} for pool in pools.values() if pool.name != name]
        problems = spec.pools_problems(
            [values, *others], cluster.spec["zones"], cluster.spec["masters"], "csk_nodepools"
        )
        changes, found = plan.pool_sentences(values, pools.get(name), len(mine))
        if problems or found:
            raise CskError(problems + found)
        settings = pool_settings(values)
        before = pools[name].spec if name in pools else None
        if self.check_mode:
            live = session.live(cluster, mine)
            wanted = {name: Pool(cluster.name, name, settings)}
            changes += plan.cluster_sentences(cluster, mine, wanted, live.machines, live.observed)
            shown = diff(before, settings, f"{cluster.name}/{name}") if changes else {}
            return {"changed": bool(changes), "changes": changes, "machines": [], "diff": shown}
        with session.step(cluster.name, f"machines of pool {name}"):
            if len(mine) < values["desired_size"]:
                missing = values["desired_size"] - len(mine)
                problems = session.provider(cluster.spec).check(cluster.version, missing)
                if problems:
                    raise CskError(problems)
            # While the ledger still knows the old ones, so that a killed run's successor does it again.
            changes += drop_labels(session, cluster, mine, before, settings)
            record_pool(session, cluster, name, settings)
            mine = [machine for machine in session.ledger.machines(cluster.name) if machine.pool == name]
            hosts, done = machines(session, cluster, mine, session.live(cluster, mine))
        changes += done
        return {
            "changed": bool(changes),
            "changes": changes,
            "nodepool": {"name": name, "cluster": cluster.name, **settings, "machines": [m.name for m in mine]},
            "machines": hosts,
            "diff": diff(before, settings, f"{cluster.name}/{name}") if changes else {},
        }
