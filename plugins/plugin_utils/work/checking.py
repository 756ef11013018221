# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a whole cluster file, checks all of it, and tells every error and every change. Nothing is changed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ..context.session import Session
from ..control_planes.stacked.make import lost_masters
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, Pool, masters_of
from ..core.observed import Observed
from ..rules import plan, spec
from ..rules.scaling import decide
from ..rules.settings import (
    changed_settings,
    pool_problems,
    pool_settings,
    provider_of,
    with_provider,
)
from ..rules.unused import anew, keys, unused
from ..rules.versions import other_than_their_tags
from . import argspec, providers
from .checks import (
    begun_anew,
    certificate_sentences,
    fixed_problems,
    network_problems,
    quota_problems,
    shape_problems,
    version_for,
)
from .kubelets import kubelet_problems
from .refusing import refuse_unfinished, unfinished_pool_problems
from .variables import variable_problems


@dataclass
class Checked:
    """A cluster file after all checks.

    :param providers: the names of those that it says.
    :param version: exact.
    :param recorded: the cluster in the ledger, if there is one.
    :param changes: what a run would do, in sentences.
    :param kept: pools that the file doesn't mention.
    """

    cluster: dict[str, Any]
    pools: list[dict[str, Any]]
    providers: list[str] = field(default_factory=list)
    version: str = ""
    recorded: Cluster | None = None
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def check_file(session: Session, variables: dict[str, Any], given: Mapping[str, Any], scale: bool = False) -> Checked:
    """Check a cluster file against the rules, the ledger, the provider and the cluster.

    :param variables: csk_cluster, csk_nodepools and csk_stacks as the user wrote them.
    :param given: all variables of the run, to find misspelt ones.
    :param scale: whether the run may remove workers; then the cluster must be there.
    """
    problems = variable_problems(given)
    if variables.get("csk_stacks"):
        rule = "a stack is a role of csk that sets something up in a cluster."
        problems.append(Problem("csk_stacks", "there are no stacks yet.", rule, "remove it, or leave it empty."))
    raw = variables.get("csk_cluster")
    if raw is None:
        problems.append(
            Problem("csk_cluster", "isn't there.", "a cluster is one file of variables.", "give it by -e @FILE.")
        )
        return Checked({}, [], problems=problems)
    names = providers.named(raw, variables.get("csk_nodepools"))
    known, found = argspec.cluster_settings(names)
    problems += found
    cluster, found = argspec.check(raw, known, "csk_cluster")
    problems += found
    if isinstance(raw, dict) and not raw.get("version"):
        rule = "a cluster has a version: a minor, or an exact one."
        problems.append(Problem("csk_cluster.version", "is missing.", rule, 'write, for example, version: "1.36".'))
    pools, found = _pools(variables.get("csk_nodepools"))
    problems += found
    checked = Checked(cluster, pools, problems=problems)
    if problems:
        return checked
    pools = checked.pools = [with_provider(pool, cluster) for pool in pools]
    checked.providers = list(dict.fromkeys([cluster["provider"], *names.values()]))
    problems += spec.cluster_problems(cluster, session.quotas.nodes)
    problems += providers.option_problems(cluster, checked.providers)
    checked.recorded = session.ledger.cluster(cluster["name"])
    named = {pool["name"] for pool in pools}
    recorded = session.ledger.pools(cluster["name"])
    kept = [pool for pool in recorded if pool.name not in named]
    workers = sum(pool.spec["desired_size"] for pool in kept)
    problems += spec.pools_problems(pools, cluster["zones"], cluster["masters"], session.quotas.nodes, workers)
    _check_shapes(session, checked, recorded)
    if scale and (checked.recorded is None or checked.recorded.status == "creating"):
        what = f"there is no cluster {cluster['name']} in the ledger whose masters were ready."
        rule = "scale changes the pools of a cluster that is there."
        problems.append(Problem("csk_cluster.name", what, rule, "run the playbook csk.kubernetes.create first."))
        return checked
    changed = begun_anew(session, checked.recorded, cluster, checked.providers) if checked.recorded else ""
    if checked.recorded and changed:
        checked.changes += plan.begin_anew_sentences(checked.recorded, changed)
    going_on = None if changed else checked.recorded
    checked.version, found, told = version_for(session, going_on, cluster["version"])
    problems += found
    checked.warnings += told
    if going_on is None:
        _check_new(session, checked)
    else:
        _check_recorded(session, checked, going_on, scale)
    return checked


def _check_shapes(session: Session, checked: Checked, recorded: Sequence[Pool]) -> None:
    sizes = {pool.name: spec.size(pool.spec) for pool in recorded}
    grows = any(spec.size(pool) > sizes.get(pool["name"], 0) for pool in checked.pools)
    with suppress(CskError):  # an Engine that doesn't answer is told by the checks that follow
        found, told = shape_problems(session, checked.cluster, checked.pools, "csk_nodepools[{}]", grows)
        checked.problems += found
        checked.warnings += told


def _pools(raw: Any) -> tuple[list[dict[str, Any]], list[Problem]]:
    if not isinstance(raw, list):
        what = "isn't there." if raw is None else f"is {type(raw).__name__}, not a list."
        rule = "a dedicated cluster has at least one pool with a worker."
        return [], [Problem("csk_nodepools", what, rule, "write - {name: default, desired_size: 2}.")]
    pools, problems = [], []
    for index, item in enumerate(raw):
        pool, found = argspec.check(item, argspec.settings("csk_nodepool"), f"csk_nodepools[{index}]")
        pools.append(pool)
        problems += found
    return pools, problems


def _check_new(session: Session, checked: Checked) -> None:
    """What isn't there, or begins anew."""
    cluster, old = checked.cluster, checked.recorded
    checked.problems += [] if old else quota_problems(session)
    counts = Counter({cluster["provider"]: cluster["masters"]})
    for pool in checked.pools:
        counts[provider_of(pool, cluster)] += spec.size(pool)
    try:
        fleet = session.planned_fleet(cluster, checked.providers)
        if checked.version:
            checked.problems += fleet.check(checked.version, counts)
            checked.warnings += other_than_their_tags(session.release(checked.version))
        checked.problems += network_problems(session, cluster, fleet.networks(), old)
        checked.warnings += [
            f"provider {name}: {fleet.isolation()[name]} See docs/security.md."
            for name in checked.providers
            if fleet.shares_kernel(name)
        ]
        foreign = fleet.clusters().get(cluster["name"])
        if foreign and not old:
            checked.problems.append(
                Problem(
                    "csk_cluster.name",
                    f"the provider has machines of a cluster {cluster['name']} that isn't in this ledger.",
                    "a name is used once for each provider.",
                    "choose another name, or use the csk_home that this cluster belongs to.",
                )
            )
    except CskError as error:
        # An Engine that doesn't answer says so to every question.
        checked.problems += [problem for problem in error.problems if problem not in checked.problems]
    if checked.version:
        asked = {f"csk_nodepools[{index}]": pool for index, pool in enumerate(checked.pools) if spec.size(pool)}
        with suppress(CskError):  # what can't be asked is told above
            checked.problems += kubelet_problems(session, cluster, checked.version, asked, wrong=checked.problems)
    checked.changes += plan.create_sentences(cluster["name"], checked.version, cluster["masters"], cluster["zones"])
    for pool in checked.pools:
        checked.changes += plan.pool_sentences(pool, None, decide(pool, [], ""))


def _check_recorded(session: Session, checked: Checked, cluster: Cluster, scale: bool) -> None:
    checked.problems += fixed_problems(cluster, checked.cluster, checked.providers)
    live = session.live(cluster)
    try:
        refuse_unfinished(cluster, bool(lost_masters(session, cluster, live)))
    except CskError as error:
        checked.problems += error.problems
        return
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    wanted = pools | {pool["name"]: Pool(cluster.name, pool["name"], pool_settings(pool)) for pool in checked.pools}
    machines = _check_pools(session, checked, cluster, pools, live.observed, scale)
    checked.kept = sorted(set(pools) - {pool["name"] for pool in checked.pools})
    if cluster.status == "ready":
        lost = lost_masters(session, cluster, live)
        problem = plan.quorum_problem(cluster, masters_of(machines), lost)
        checked.problems += [problem] if problem else []
    else:
        checked.changes.append(f"cluster {cluster.name}: go on creating it.")
    changed = changed_settings(cluster, checked.cluster, providers.keys(checked.providers))
    if changed:
        checked.changes.append(f"cluster {cluster.name}: change {', '.join(changed)}.")
    kept = [machine for machine in machines if machine.pool in checked.kept]
    mine = [machine for machine in machines if machine not in kept]
    checked.changes += plan.cluster_sentences(cluster, mine, wanted, live)
    if live.observed.reachable:
        checked.warnings += [
            f"pool {m.pool}: not in the file, and {m.name} isn't Ready: nothing is done about it."
            for m in kept
            if not (m.name in live.observed.nodes and live.observed.nodes[m.name].ready)
        ]
    changes, warnings = certificate_sentences(session, cluster, machines, checked.cluster["endpoint_sans"])
    checked.changes += changes
    checked.warnings += warnings


def _check_pools(
    session: Session, checked: Checked, cluster: Cluster, pools: dict[str, Pool], observed: Observed, scale: bool
) -> list[Machine]:
    """What becomes of a recorded cluster's pools; the machines that stay."""
    machines = session.ledger.machines(cluster.name)
    never = unused(cluster, machines, observed)
    missing: Counter[str] = Counter()
    asked = {}
    going: list[Machine] = []
    for index, pool in enumerate(checked.pools):
        where, recorded = f"csk_nodepools[{index}]", pools.get(pool["name"])
        mine = [machine for machine in machines if machine.pool == pool["name"]]
        fixed = pool_problems(recorded, pool, where)
        made_anew = mine if anew(fixed, mine, never) else []
        scaling = decide(pool, [machine for machine in mine if machine not in made_anew], where, never)
        checked.problems += scaling.problems
        checked.problems += [] if anew(fixed, mine, never) else fixed
        checked.problems += [] if scale else plan.removal_problems(pool, scaling, where, never)
        changes = plan.anew_sentences(made_anew, keys(fixed)) + plan.pool_sentences(pool, recorded, scaling, never)
        checked.problems += unfinished_pool_problems(cluster, changes, where)
        checked.changes += changes
        missing[provider_of(pool, cluster.spec)] += scaling.missing
        going += [*scaling.going, *made_anew]
        if spec.size(pool) and (fixed or all(machine in never for machine in mine)):
            asked[where] = pool
    needed = {name: count for name, count in missing.items() if count}
    try:
        # What is recorded counts; a provider that is new to the cluster has what the file says.
        planned = checked.cluster | cluster.spec
        checked.problems += session.planned_fleet(planned, needed).check(cluster.version, needed)
        checked.problems += kubelet_problems(session, planned, cluster.version, asked, cluster, checked.problems)
    except CskError as error:
        checked.problems += [problem for problem in error.problems if problem not in checked.problems]
    return [machine for machine in machines if machine not in going]
