# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_nodepool: a pool's record and its workers' machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..context.session import Session
from ..core.draining import Drain
from ..core.errors import CskError
from ..core.models import Cluster, Machine, Pool
from ..rules import plan, spec
from ..rules.scaling import Scaling, decide
from ..rules.settings import pool_problems, pool_settings, provider_of, with_provider
from ..rules.unused import anew, keys, unused
from .checks import shape_problems
from .kubelets import kubelet_problems
from .labels import drop_labels
from .providers import provider_problems
from .reconcile import machines
from .recording import record_pool
from .refusing import refuse_unfinished
from .removal import drop_unused, remove_workers
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
    will = _decided(session, cluster, values, pools)
    scaling = will.scaling
    settings = pool_settings(values) if values["state"] == "present" else {}
    before = pools[name].spec if name in pools else {}
    wanted = will.anew + plan.pool_sentences(values, pools.get(name), scaling, will.never)
    # A pool that stays as it is may be seen to, as where a master is repaired while an upgrade is under way.
    refuse_unfinished(cluster, repairing=not wanted)
    # What is removed is told when it is done.
    told = replace(scaling, going=(), decisions=())
    result = {
        "changes": wanted if task.check else plan.pool_sentences(values, pools.get(name), told),
        "decisions": [vars(decision) for decision in scaling.decisions],
        "nodepool": {"name": name, "cluster": cluster.name, **settings},
        "machines": [],
    }
    if task.check:
        result["changes"] += _work_left(session, cluster, name, settings, [*scaling.going, *will.made_anew])
    else:
        with session.step(cluster.name, f"machines of pool {name}"):
            _change(session, cluster, values, will, before, result)
    changed = bool(result["changes"])
    shown = diff(before, settings, f"{cluster.name}/{name}") if changed else {}
    return result | {"changed": changed, "diff": shown}


@dataclass(frozen=True)
class _Decided:
    """What is to become of a pool's workers.

    :param never: those of the cluster that never were Ready, which go without being drained.
    :param made_anew: those of the pool among them that are removed, because its immutable settings change.
    :param anew: the same in sentences.
    """

    scaling: Scaling
    never: list[Machine]
    made_anew: list[Machine]
    anew: list[str]


def _change(
    session: Session,
    cluster: Cluster,
    values: dict[str, Any],
    will: _Decided,
    before: dict[str, Any],
    result: dict[str, Any],
) -> None:
    """Bring the pool to what is wanted; note in the result what was done, and what the roles have work on."""
    name, settings, scaling = values["name"], pool_settings(values), will.scaling
    dropped = [*will.made_anew, *(machine for machine in scaling.going if machine in will.never)]
    result["changes"] += drop_unused(session, cluster, dropped)
    if values["state"] == "present":
        # While the ledger still knows the old ones, so that a killed run's successor does it again.
        mine = [machine for machine in _of(session, cluster, name) if machine not in scaling.going]
        result["changes"] += drop_labels(session, cluster, mine, before, settings)
        record_pool(session, cluster, name, settings, scaling)
    going = [machine for machine in scaling.going if machine not in dropped]
    if going:
        live = session.live(cluster)
        done, problems = remove_workers(session, cluster, going, Drain(**values["drain"]), live)
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


def _decided(session: Session, cluster: Cluster, values: dict[str, Any], pools: dict[str, Pool]) -> _Decided:
    """Who goes and how many are missing, after all that can be checked was checked."""
    others = sum(pool.spec["desired_size"] for pool in pools.values() if pool.name != values["name"])
    masters, nodes = cluster.spec["masters"], session.quotas.nodes
    problems = spec.pools_problems([values], cluster.spec["zones"], masters, nodes, others)
    problems += provider_problems(values["provider"], "csk_nodepool.provider")
    if problems:
        raise CskError(problems)
    mine = _of(session, cluster, values["name"])
    new = [machine for machine in mine if machine.status == "new"]
    never = unused(cluster, new, session.live(cluster, new).observed) if new else []
    fixed = pool_problems(pools.get(values["name"]), values, "csk_nodepool")
    made_anew = mine if anew(fixed, mine, never) else []
    scaling = decide(values, [machine for machine in mine if machine not in made_anew], "csk_nodepool", never)
    problems = list(scaling.problems)
    problems += [] if anew(fixed, mine, never) else fixed
    problems += shape_problems(session, cluster.spec, [values], "csk_nodepool", grows=False)[0]
    if scaling.missing:
        provider = provider_of(values, cluster.spec)
        problems += session.planned_fleet(cluster.spec, [provider]).check(cluster.version, {provider: scaling.missing})
    if not problems and spec.size(values) and (fixed or len(never) == len(mine)):
        problems += kubelet_problems(session, cluster.spec, cluster.version, {"csk_nodepool": values}, cluster)
    if problems:
        raise CskError(problems)
    return _Decided(scaling, never, made_anew, plan.anew_sentences(made_anew, keys(fixed)))


def _work_left(
    session: Session, cluster: Cluster, name: str, settings: dict[str, Any], going: Sequence[Machine]
) -> list[str]:
    """What would be done to the workers that stay, in sentences."""
    staying = [machine for machine in _of(session, cluster, name) if machine not in going]
    live = session.live(cluster, staying)
    wanted = {name: Pool(cluster.name, name, settings)} if settings else {}
    return plan.cluster_sentences(cluster, staying, wanted, live)
