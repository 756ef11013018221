# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a whole cluster file, checks all of it, and tells every error and every change. Nothing is changed here."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import argspec, catalogue, certificates, instance, limits, plan, snapshots, spec
from .errors import CskError, Problem
from .models import Cluster, Machine, Pool, masters_of
from .quotas import clusters_problem
from .scaling import decide

if TYPE_CHECKING:
    from .session import Live, Session

# The variables that csk's playbooks know; every other csk_ variable is a mistake that must not be ignored.
VARIABLES = (
    "csk_cluster",
    "csk_nodepools",
    "csk_stacks",
    "csk_name",
    "csk_confirm",
    "csk_home",
    "csk_ledger_url",
    "csk_catalogue",
    "csk_quotas",
    "csk_today",
    "csk_take_over",
    "csk_image",
    "csk_nodes",
    "csk_upgrade_to",
    "csk_upgrade_options",
    "csk_snapshot",
    "csk_snapshot_dir",
    "csk_snapshots_kept",
)


# What the ledger keeps of a pool's options; the others are about one run.
POOL_SETTINGS = (
    "desired_size",
    "instance",
    "zones",
    "labels",
    "taints",
    "unschedulable",
    "kubelet",
    "scale_in_policy",
    "drain",
)


@dataclass
class Checked:
    """A cluster file after all checks.

    :param version: exact.
    :param recorded: the cluster in the ledger, if there is one.
    :param changes: what a run would do, in sentences.
    :param kept: pools that the file doesn't mention.
    """

    cluster: dict[str, Any]
    pools: list[dict[str, Any]]
    version: str = ""
    recorded: Cluster | None = None
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def variable_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a run's csk_ variables: those that no playbook knows, and values that only a later task reads.

    :param given: all variables of the run, as they were given; templates aren't evaluated.
    """
    problems = [
        argspec.unknown(name, list(VARIABLES), name, "variable") for name in spec.file_variables(given, VARIABLES)
    ]
    kept = given.get("csk_snapshots_kept", 1)
    wrong = None if "{{" in str(kept) else snapshots.kept_problem(kept)
    return [*problems, wrong] if wrong else problems


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
    problems += argspec.number_problems(raw, "csk_cluster")
    cluster, found = argspec.check(raw, argspec.settings("csk_cluster"), "csk_cluster")
    problems += found
    if isinstance(raw, dict) and not raw.get("version"):
        rule = "a cluster has a version: a minor, or an exact one."
        problems.append(Problem("csk_cluster.version", "is missing.", rule, 'write, for example, version: "1.36".'))
    pools, found = _pools(variables.get("csk_nodepools"))
    problems += found
    checked = Checked(cluster, pools, problems=problems)
    if problems:
        return checked
    problems += spec.cluster_problems(cluster, session.quotas.nodes)
    checked.recorded = session.ledger.cluster(cluster["name"])
    named = {pool["name"] for pool in pools}
    kept = [pool for pool in session.ledger.pools(cluster["name"]) if pool.name not in named]
    workers = sum(pool.spec["desired_size"] for pool in kept)
    problems += spec.pools_problems(pools, cluster["zones"], cluster["masters"], session.quotas.nodes, workers)
    with suppress(CskError):  # an Engine that doesn't answer is told by the checks below
        found, told = shape_problems(session, cluster, pools, "csk_nodepools[{}]")
        problems += found
        checked.warnings += told
    if scale and (checked.recorded is None or checked.recorded.status == "creating"):
        what = f"there is no finished cluster {cluster['name']} in the ledger."
        rule = "scale changes the pools of a cluster that is there."
        problems.append(Problem("csk_cluster.name", what, rule, "run the playbook csk.kubernetes.create first."))
        return checked
    checked.version, found, told = version_for(session, checked.recorded, cluster["version"])
    problems += found
    checked.warnings += told
    if checked.recorded is None:
        _check_new(session, checked)
    else:
        _check_recorded(session, checked, checked.recorded, scale)
    return checked


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


def version_for(session: Session, recorded: Cluster | None, wanted: str) -> tuple[str, list[Problem], list[str]]:
    """The exact version that a cluster has or is created with, what is wrong with the wanted one, and warnings.

    :param wanted: as the file says it.
    """
    if recorded is not None:
        known = session.minors.get(catalogue.minor_of(recorded.version))
        told = catalogue.judge(recorded.version, session.minors, session.today).warnings if known else ()
        return recorded.version, limits.version_problems(recorded.version, wanted), list(told)
    try:
        version = catalogue.resolve(wanted, session.minors)
    except CskError as error:
        return "", error.problems, []
    verdict = catalogue.judge(version, session.minors, session.today)
    refused = catalogue.refuse_create(verdict, session.minors, session.today)
    return version, [refused] if refused else [], list(verdict.warnings)


def _check_new(session: Session, checked: Checked) -> None:
    cluster = checked.cluster
    checked.problems += quota_problems(session)
    workers = sum(spec.size(pool) for pool in checked.pools)
    try:
        provider = session.provider(cluster)
        if checked.version:
            checked.problems += provider.check(checked.version, cluster["masters"] + workers)
        checked.problems += network_problems(session, cluster, provider.networks())
        foreign = provider.clusters().get(cluster["name"])
        if foreign:
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
    checked.changes += plan.create_sentences(cluster["name"], checked.version, cluster["masters"], cluster["zones"])
    for pool in checked.pools:
        checked.changes += plan.pool_sentences(pool, None, decide(pool, [], ""))


def quota_problems(session: Session) -> list[Problem]:
    """Why the account may not have another cluster; the ledger asks again when it records one."""
    problem = clusters_problem(len(session.ledger.clusters()), session.quotas.clusters)
    return [problem] if problem else []


def network_problems(session: Session, cluster: dict[str, Any], taken: Sequence[str]) -> list[Problem]:
    """Where the cluster's networks overlap those of the Engine's host or of other clusters."""
    own = {
        f"csk_cluster.{key}": ipaddress.IPv4Network(cluster[key])
        for key in ("vpc_cidr", "pod_cidr", "service_cidr")
        if cluster.get(key) and not _malformed(cluster[key])
    }
    others = {f"a network of the machines' host, {cidr}": ipaddress.IPv4Network(cidr) for cidr in taken}
    for other in session.ledger.clusters():
        others[f"the machine network of cluster {other.name}"] = ipaddress.IPv4Network(other.vpc_cidr)
    return [problem for name, network in own.items() for problem in spec.overlap_problems({name: network}, others)]


def _malformed(cidr: str) -> bool:
    try:
        ipaddress.IPv4Network(cidr)
    except ValueError:
        return True
    return False


def _check_recorded(session: Session, checked: Checked, cluster: Cluster, scale: bool) -> None:
    checked.problems += limits.immutable_problems(cluster.spec | {"vpc_cidr": cluster.vpc_cidr}, checked.cluster)
    live = session.live(cluster)
    try:
        refuse_unfinished(cluster, bool(lost_masters(live, session, cluster)))
    except CskError as error:
        checked.problems += error.problems
        return
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    wanted = pools | {pool["name"]: Pool(cluster.name, pool["name"], pool_settings(pool)) for pool in checked.pools}
    machines = _check_pools(session, checked, cluster, pools, scale)
    checked.kept = sorted(set(pools) - {pool["name"] for pool in checked.pools})
    if cluster.status == "ready":
        lost = lost_masters(live, session, cluster)
        problem = plan.quorum_problem(cluster, masters_of(machines), lost)
        checked.problems += [problem] if problem else []
    else:
        checked.changes.append(f"cluster {cluster.name}: go on creating it.")
    changed = changed_settings(cluster, checked.cluster)
    if changed:
        checked.changes.append(f"cluster {cluster.name}: change {', '.join(changed)}.")
    checked.changes += plan.cluster_sentences(cluster, machines, wanted, live.machines, live.observed)
    changes, warnings = certificate_sentences(session, cluster, machines, checked.cluster["endpoint_sans"])
    checked.changes += changes
    checked.warnings += warnings


def certificate_sentences(
    session: Session, cluster: Cluster, machines: Sequence[Machine], sans: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Which masters' API servers get another certificate, for other names; and warnings of those that end soon."""
    if cluster.status != "ready":
        return [], []
    masters = masters_of(machines)
    shown = certificates.shown(masters)
    old = certificates.outdated(cluster, masters, shown, sans)
    changes = [f"{m.name}: renew the API server's certificate, for the names of endpoint_sans." for m in old]
    return changes, certificates.soon(certificates.ends(session.ledger, cluster, shown), session.today)


def _check_pools(
    session: Session, checked: Checked, cluster: Cluster, pools: dict[str, Pool], scale: bool
) -> list[Machine]:
    """What becomes of a recorded cluster's pools; the machines that stay."""
    machines = session.ledger.machines(cluster.name)
    missing, going = 0, []
    for index, pool in enumerate(checked.pools):
        where, recorded = f"csk_nodepools[{index}]", pools.get(pool["name"])
        scaling = decide(pool, [machine for machine in machines if machine.pool == pool["name"]], where)
        checked.problems += scaling.problems
        checked.problems += limits.pool_problems(recorded, pool, where)
        checked.problems += [] if scale else plan.removal_problems(pool, scaling, where)
        changes = plan.pool_sentences(pool, recorded, scaling)
        checked.problems += unfinished_pool_problems(cluster, changes, where)
        checked.changes += changes
        missing += scaling.missing
        going += scaling.going
    if missing:
        checked.problems += session.provider(cluster.spec).check(cluster.version, missing)
    return [machine for machine in machines if machine not in going]


def shape_problems(
    session: Session, cluster: dict[str, Any], pools: Sequence[dict[str, Any]], where: str
) -> tuple[list[Problem], list[str]]:
    """Which pools' machines don't fit where the provider makes them; and whether all together are too many.

    :param cluster: the cluster's settings.
    :param where: the pools' place in the file, which may have ``{}`` for the number.
    """
    places = {where.format(index): pool for index, pool in enumerate(pools)}
    shaped = {place: pool for place, pool in places.items() if any(pool["instance"].values())}
    if not shaped:
        return [], []
    capacity = session.provider(cluster).capacity()
    found = [
        problem
        for place, pool in shaped.items()
        for problem in instance.host_problems(pool["instance"], capacity, f"{place}.instance")
    ]
    return found, instance.overcommit(((p["instance"], spec.size(p)) for p in shaped.values()), capacity)


def refuse_restoring(cluster: Cluster) -> None:
    """Refuse to work on a cluster whose old masters may still live while it is made anew.

    :raises CskError: where it is so.
    """
    if cluster.status == "restoring":
        what = f"{cluster.name} is being restored, and its old masters may still live."
        fix = f"run the playbook csk.kubernetes.restore again, with csk_snapshot={cluster.restore_from}."
        raise CskError(Problem("csk_cluster.name", what, "old masters are gone before new ones start.", fix))


def refuse_unfinished(cluster: Cluster, repairing: bool = False) -> None:
    """Refuse to work on a cluster whose deletion, restoration or upgrade was begun.

    :param repairing: whether a master is lost, without which an upgrade can't go on.
    :raises CskError: where it was.
    """
    if cluster.status == "deleting":
        rule = "a deletion that was begun is finished."
        fix = "run the playbook csk.kubernetes.delete, then create it."
        raise CskError(Problem("csk_cluster.name", f"{cluster.name} is being deleted.", rule, fix))
    refuse_restoring(cluster)
    if cluster.upgrade_to and not repairing:
        what = f"an upgrade of {cluster.name} to {cluster.upgrade_to} is under way."
        fix = f"run the playbook csk.kubernetes.upgrade with csk_upgrade_to={cluster.upgrade_to} first."
        raise CskError(Problem("csk_cluster.name", what, "an upgrade that was begun is finished.", fix))


def pool_settings(pool: dict[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of a pool's options."""
    return {key: pool[key] for key in POOL_SETTINGS}


def changed_settings(cluster: Cluster, values: dict[str, Any]) -> list[str]:
    """The settings that may change after creation, and do."""
    return [
        key for key in ("zones", "endpoint_sans", "tags", "deletion_protection") if values[key] != cluster.spec.get(key)
    ]


def unfinished_pool_problems(cluster: Cluster, changes: Sequence[str], where: str) -> list[Problem]:
    """Why a pool can't be changed: an upgrade is under way."""
    if not cluster.upgrade_to or not changes:
        return []
    fix = f"let the pool be as it was until the upgrade to {cluster.upgrade_to} is finished."
    return [Problem(where, f"would change: {' '.join(changes)}", "no pool changes while an upgrade is under way.", fix)]


def lost_masters(live: Live, session: Session, cluster: Cluster) -> list[str]:
    """Masters whose machine is gone, or that never finished joining."""
    return [
        machine.name
        for machine in session.ledger.machines(cluster.name)
        if machine.role == "master" and (machine.name not in live.machines or machine.status == "new")
    ]
