# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_nodepool: a pool's record and its workers' machines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..context.session import Session
from ..core.draining import Drain
from ..core.errors import CskError
from ..core.models import Cluster, Machine, Pool
from ..rules import plan, spec
from ..rules.scaling import Scaling, decide
from ..rules.settings import pool_problems, pool_settings, provider_of, with_provider
from .checks import shape_problems
from .labels import drop_labels
from .providers import provider_problems
from .reconcile import machines
from .recording import record_pool
from .refusing import refuse_unfinished
from .removal import remove_workers
from .results import diff
from .steps import Task


def bring(task: Task) -> dict[str, Any]:
    """Record the pool, take out the workers that are too many, and make those that it lacks."""
    session, values = task.session, task.values
    if not task.check:
        session.lock(values["cluster"])  # before anything is read, so that it stays true
    cluster = session.cluster(values["cluster"])
    values = with_provider(values, cluster.spec)
    name = values["name"]
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    scaling = _scaling(session, cluster, values, pools)
    settings = pool_settings(values) if values["state"] == "present" else {}
    before = pools[name].spec if name in pools else {}
    wanted = plan.pool_sentences(values, pools.get(name), scaling)
    # A pool that stays as it is may be seen to, as where a master is repaired while an upgrade is under way.
    refuse_unfinished(cluster, repairing=not wanted)
    # What is removed is told when it is done.
    told = scaling if task.check else replace(scaling, going=(), decisions=())
    result = {
        "changes": plan.pool_sentences(values, pools.get(name), told),
        "decisions": [vars(decision) for decision in scaling.decisions],
        "nodepool": {"name": name, "cluster": cluster.name, **settings},
        "machines": [],
    }
    if task.check:
        result["changes"] += _work_left(session, cluster, name, settings, scaling)
    else:
        with session.step(cluster.name, f"machines of pool {name}"):
            _change(session, cluster, values, scaling, before, result)
    changed = bool(result["changes"])
    shown = diff(before, settings, f"{cluster.name}/{name}") if changed else {}
    return result | {"changed": changed, "diff": shown}


def _change(
    session: Session,
    cluster: Cluster,
    values: dict[str, Any],
    scaling: Scaling,
    before: dict[str, Any],
    result: dict[str, Any],
) -> None:
    """Bring the pool to what is wanted; note in the result what was done, and what the roles have work on."""
    name, settings = values["name"], pool_settings(values)
    if values["state"] == "present":
        # While the ledger still knows the old ones, so that a killed run's successor does it again.
        mine = [machine for machine in _of(session, cluster, name) if machine not in scaling.going]
        result["changes"] += drop_labels(session, cluster, mine, before, settings)
        record_pool(session, cluster, name, settings, scaling)
    if scaling.going:
        live = session.live(cluster)
        done, problems = remove_workers(session, cluster, scaling.going, Drain(**values["drain"]), live)
        result["changes"] += done
        if problems:
            raise CskError(problems, {key: result[key] for key in ("changes", "decisions")})
    if values["state"] == "absent":
        session.ledger.delete_pool(cluster.name, name)
        return
    mine = _of(session, cluster, name)
    result["machines"], done = machines(session, cluster, mine, session.live(cluster, mine))
    result["changes"] += done
    result["nodepool"]["machines"] = [machine.name for machine in mine]


def _of(session: Session, cluster: Cluster, pool: str) -> list[Machine]:
    return [machine for machine in session.ledger.machines(cluster.name) if machine.pool == pool]


def _scaling(session: Session, cluster: Cluster, values: dict[str, Any], pools: dict[str, Pool]) -> Scaling:
    """Who goes and how many are missing, after all that can be checked was checked."""
    others = sum(pool.spec["desired_size"] for pool in pools.values() if pool.name != values["name"])
    masters, nodes = cluster.spec["masters"], session.quotas.nodes
    problems = spec.pools_problems([values], cluster.spec["zones"], masters, nodes, others)
    problems += provider_problems(values["provider"], "csk_nodepool.provider")
    if problems:
        raise CskError(problems)
    scaling = decide(values, _of(session, cluster, values["name"]), "csk_nodepool")
    problems = list(scaling.problems)
    problems += pool_problems(pools.get(values["name"]), values, "csk_nodepool")
    problems += shape_problems(session, cluster.spec, [values], "csk_nodepool")[0]
    if scaling.missing:
        provider = provider_of(values, cluster.spec)
        problems += session.planned_fleet(cluster.spec, [provider]).check(cluster.version, {provider: scaling.missing})
    if problems:
        raise CskError(problems)
    return scaling


def _work_left(session: Session, cluster: Cluster, name: str, settings: dict[str, Any], scaling: Scaling) -> list[str]:
    """What would be done to the workers that stay, in sentences."""
    staying = [machine for machine in _of(session, cluster, name) if machine not in scaling.going]
    live = session.live(cluster, staying)
    wanted = {name: Pool(cluster.name, name, settings)} if settings else {}
    return plan.cluster_sentences(cluster, staying, wanted, live)
