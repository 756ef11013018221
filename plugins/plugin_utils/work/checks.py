# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is checked of a cluster file, and again by the modules that use its parts: by ledger, provider and API."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from ..context.session import Session
from ..control_planes.stacked import certificates
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, masters_of
from ..ledger import networks
from ..rules import instance, settings, spec, unused, versions
from ..rules.quotas import clusters_problem
from . import providers


def version_for(session: Session, recorded: Cluster | None, wanted: str) -> tuple[str, list[Problem], list[str]]:
    """The exact version that a cluster has or is created with, what is wrong with the wanted one, and warnings.

    :param wanted: as the file says it.
    """
    if recorded is not None:
        known = session.minors.get(versions.minor_of(recorded.version))
        told = versions.judge(recorded.version, session.minors, session.today).warnings if known else ()
        return recorded.version, settings.version_problems(recorded.version, wanted), list(told)
    try:
        version = versions.resolve(wanted, session.minors)
    except CskError as error:
        return "", error.problems, []
    verdict = versions.judge(version, session.minors, session.today)
    refused = versions.refuse_create(verdict, session.minors, session.today)
    return version, [refused] if refused else [], list(verdict.warnings)


def fixed_problems(recorded: Cluster, wanted: dict[str, Any], names: Sequence[str]) -> list[Problem]:
    """A recorded cluster's immutable settings that a file would change.

    :param wanted: the cluster's options, and ``names`` the providers that the file says.
    """
    old = providers.completed(recorded.spec, names) | {"vpc_cidr": recorded.vpc_cidr}
    return settings.immutable_problems(old, wanted, own=providers.keys(names))


def begun_anew(session: Session, recorded: Cluster, wanted: dict[str, Any], names: Sequence[str]) -> str:
    """What a file changes of a cluster that was never ready, so that it is made from its start; empty: it goes on.

    The ledger knows it at the end of a run only, so the cluster is asked too: one that is well may be in use.
    """
    if recorded.was_ready:
        return ""
    fixed = fixed_problems(recorded, wanted, names)
    changed = unused.keys([*fixed, *settings.version_problems(recorded.version, wanted["version"])])
    masters = masters_of(session.ledger.machines(recorded.name))
    return "" if changed and unused.is_well(masters, session.observe(recorded)) else changed


def quota_problems(session: Session) -> list[Problem]:
    """Why the account may not have another cluster; the ledger asks again when it records one."""
    problem = clusters_problem(len(session.ledger.clusters()), session.quotas.clusters)
    return [problem] if problem else []


def network_problems(
    session: Session, cluster: dict[str, Any], taken: Sequence[str], old: Cluster | None = None
) -> list[Problem]:
    """Where the cluster's networks overlap those of the Engine's host or of other clusters, or none is free for it.

    :param old: the same cluster as it is recorded, where it begins anew: its network goes.
    """
    clusters = [other for other in session.ledger.clusters() if not old or other.name != old.name]
    foreign = [cidr for cidr in taken if not old or cidr != old.vpc_cidr]
    problems = []
    try:
        networks.choose(clusters, cluster, foreign, cluster.get("vpc_cidr"))
    except CskError as error:
        problems += error.problems
    own = {
        f"csk_cluster.{key}": ipaddress.IPv4Network(cluster[key])
        for key in ("pod_cidr", "service_cidr")
        if cluster.get(key) and not _malformed(cluster[key])
    }
    others = {f"a network of the machines' host, {cidr}": ipaddress.IPv4Network(cidr) for cidr in foreign}
    for other in clusters:
        others[f"the machine network of cluster {other.name}"] = ipaddress.IPv4Network(other.vpc_cidr)
    return problems + [found for name, net in own.items() for found in spec.overlap_problems({name: net}, others)]


def _malformed(cidr: str) -> bool:
    try:
        ipaddress.IPv4Network(cidr)
    except ValueError:
        return True
    return False


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


def shape_problems(
    session: Session, cluster: dict[str, Any], pools: Sequence[dict[str, Any]], where: str, grows: bool
) -> tuple[list[Problem], list[str]]:
    """Which pools' machines don't fit where the provider makes them; and whether all together are too many.

    :param cluster: the cluster's settings.
    :param where: the pools' place in the file, which may have ``{}`` for the number.
    :param grows: whether workers come: then those without a shape count, too.
    """
    places = {where.format(index): pool for index, pool in enumerate(pools)}
    concerned = {place: pool for place, pool in places.items() if grows or any(pool["instance"].values())}
    if not concerned:
        return [], []
    fleet = session.planned_fleet(cluster, [pool["provider"] for pool in concerned.values()])
    found: list[Problem] = []
    told: list[str] = []
    for provider in dict.fromkeys(settings.provider_of(pool, cluster) for pool in concerned.values()):
        capacity = fleet.capacity_at(provider)
        mine = {place: pool for place, pool in concerned.items() if settings.provider_of(pool, cluster) == provider}
        for place, pool in mine.items():
            found += instance.host_problems(pool["instance"], capacity, f"{place}.instance")
        sizes = [(pool["instance"], spec.size(pool)) for pool in mine.values()]
        told += instance.overcommit(sizes, capacity, fleet.shares_kernel(provider))
    return found, told
