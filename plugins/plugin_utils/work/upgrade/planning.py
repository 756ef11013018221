# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade would do, and what is in its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

from ...context.session import Session
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine, masters_of
from ...rules import upgrade_plan, upgrade_rules, versions
from ...rules.quotas import nodes_problem
from ...rules.upgrade_plan import UpgradePlan
from ..kubelets import kubelet_problems
from ..refusing import refuse_restoring
from .facts import look


def make_plan(session: Session, cluster: Cluster, to: str, options: dict[str, Any]) -> UpgradePlan:
    """What an upgrade would do, and what is in its way.

    :param to: a minor, or an exact version.
    :param options: accept, max_unavailable, workers, path.
    :raises CskError: for options that can't be right, and where another upgrade is under way.
    """
    target = versions.resolve(to, session.minors, "csk_upgrade_to")
    wrong = upgrade_plan.unknown_accept(options["accept"])
    if wrong:
        raise CskError(wrong)
    refuse_restoring(cluster)
    if cluster.status != "ready":
        what, rule = f"{cluster.name} is {cluster.status}.", "a finished cluster is upgraded."
        raise CskError(Problem("csk_name", what, rule, "run the playbook csk.kubernetes.create first."))
    stops = upgrade_rules.stops(cluster.version, target, options["path"], session.minors, cluster.upgrade_to)
    target = stops[0]
    if cluster.upgrade_to and cluster.upgrade_to != target:
        what = f"says {target}; an upgrade to {cluster.upgrade_to} is under way."
        fix = f"run the playbook csk.kubernetes.upgrade with csk_upgrade_to={cluster.upgrade_to} first."
        raise CskError(Problem("csk_upgrade_to", what, "an upgrade that was begun is finished.", fix))
    machines = session.ledger.machines(cluster.name)
    rules = [upgrade_rules.judge(*step, session.minors, session.today) for step in pairwise([cluster.version, *stops])]
    upgrade_plan.at_once(options["max_unavailable"], 1)
    if all(machine.version == target for machine in machines) and not stops[1:]:
        return UpgradePlan(cluster.version, target)
    found = look(session, cluster, machines, stops)
    result = upgrade_plan.plan(cluster, machines, rules[0], found, options, rules[1:])
    more = _refused_by_kubelets(session, cluster, stops)
    more += surge_problems(session, cluster, machines, result) if result.surge else []
    return replace(result, problems=(*result.problems, *more)) if more else result


def _refused_by_kubelets(session: Session, cluster: Cluster, stops: Sequence[str]) -> list[Problem]:
    """What pools have that the kubelets of the versions on the way don't take."""
    pools = {f"pool {pool.name}": pool.spec for pool in session.ledger.pools(cluster.name)}
    found: list[Problem] = []
    for version in stops:
        with suppress(CskError):  # an image that is missing is told by what was looked at
            found += kubelet_problems(session, cluster.spec, version, pools, cluster)
    return found


def surge_problems(
    session: Session, cluster: Cluster, machines: Sequence[Machine], planned: UpgradePlan
) -> list[Problem]:
    """Why so many new machines can't be there beside the old ones."""
    names, masters = {machine.name for machine in machines}, len(masters_of(machines))
    more = max(planned.surge - sum(machine.replaces in names for machine in machines), 0)
    where = "csk_upgrade_options.workers"
    quota = nodes_problem(masters, len(machines) - masters + more, session.quotas.nodes, where)
    found = session.fleet(cluster).check(planned.target, _by_provider(machines, planned.replaced))
    return [quota, *found] if quota else found


def _by_provider(machines: Sequence[Machine], batches: Sequence[Sequence[str]]) -> dict[str, int]:
    """How many new machines each provider has to make at most, beside the old ones, while batch after batch goes."""
    provider = {machine.name: machine.provider for machine in machines}
    there = Counter(machine.provider for machine in machines if machine.replaces in provider)
    most: Counter[str] = Counter()
    for batch in batches:
        most |= Counter(provider[name] for name in batch)
    return {name: max(count - there[name], 0) for name, count in most.items()}


def show(plan: UpgradePlan, name: str, say: Callable[[str], None], warn: Callable[[str], None]) -> list[str]:
    """Tell a plan; what would be done, in sentences.

    :raises CskError: with all that is in its way.
    """
    changes = plan.sentences()
    say(f"{name}: {plan.source} -> {plan.target}: {len(changes) or 'nothing'} to do")
    for line in changes:
        say(f"  {line}")
    for node in plan.left_out:
        say(f"  {node}: left out; it isn't Ready.")
    for told in plan.accepted:
        warn(f"accepted: {told}")
    if plan.problems:
        raise CskError(plan.problems)
    return changes
