# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a cluster, at the target's artifacts and at the provider before an upgrade. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...artifacts import manifest
from ...context.members import strangers
from ...context.session import Session
from ...core.draining import Drain, Obstacle
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine, Pool, masters_of
from ...core.observed import EtcdMember
from ...kube.drain import evictable, obstacle
from ...rules.upgrade_plan import Found
from ...rules.versions import minor_of

if TYPE_CHECKING:
    from ...core.observed import Observed
    from ...kube.cluster_api import ClusterApi

# How a node without a pool is emptied, which is a master: as a pool's workers are unless the pool says otherwise.
OF_A_MASTER = Drain(timeout=300, grace_period=None, force=False, delete_emptydir_data=False)


def look(session: Session, cluster: Cluster, machines: Sequence[Machine], targets: Sequence[str]) -> Found:
    """Everything that ``upgrade_plan.plan`` judges.

    :param targets: the exact versions of the path, the next one first.
    """
    folders = [session.home / "artifacts" / "releases" / target for target in targets]
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    fleet = session.fleet(cluster)
    with ThreadPoolExecutor(2) as pool:
        faults = [pool.submit(artifact_faults, folder) for folder in folders]
        removed = [api for target in targets for api in session.minors[minor_of(target)].removed_apis]
        found = _cluster(session, cluster, machines, pools, removed)
        running = fleet.running()
        return replace(
            found,
            stopped=[machine.name for machine in machines if machine.name not in running],
            faults=list(  # an Engine that doesn't answer is told once
                dict.fromkeys(
                    problem
                    for target, of_target in zip(targets, faults, strict=True)
                    for problem in [*of_target.result(), *fleet.check(target)]
                )
            ),
            disk_free=fleet.disk_free(),
            images=sum(path.stat().st_size for path in (folders[0] / "images").glob("*.tar")),
        )


def artifact_faults(folder: Path) -> list[Problem]:
    """What is wrong with a release's artifacts, all of which are read."""
    fix = f"ansible-playbook csk.kubernetes.artifacts -e csk_version={folder.name}; it obtains what is wrong."
    rule = "every file of a release is as its manifest says."
    content = manifest.read(folder / manifest.NAME)
    if content is None:
        return [Problem(f"artifacts of {folder.name}", f"{folder} has no manifest.", rule, fix)]
    return [
        Problem(f"artifacts of {folder.name}", f"{fault}.", rule, fix)
        for fault in manifest.faults(folder, content["files"])
    ]


def drain_of(machine: Machine, pools: dict[str, Pool], accept: Sequence[str]) -> Drain:
    """How a node is emptied: as its pool says; where a person accepted it, pods are lost that can't be evicted."""
    pool = pools.get(machine.pool or "")
    how = Drain(**pool.spec["drain"]) if pool and pool.spec.get("drain") else OF_A_MASTER
    return replace(how, force=True, delete_emptydir_data=True) if "pods" in accept else how


def _cluster(
    session: Session, cluster: Cluster, machines: Sequence[Machine], pools: dict[str, Pool], removed: Sequence[str]
) -> Found:
    masters = masters_of(machines)
    strange, address = strangers(session, cluster, masters)
    with session.api(cluster, timeout=15, address=address) as api:
        observed = api.observe()
        if not observed.reachable:
            return Found(False, strange=strange)
        with ThreadPoolExecutor(4) as pool:
            deprecated = list(pool.map(lambda master: _deprecated(session, cluster, master), masters))
            pods = list(pool.map(lambda machine: _obstacles(api, machine, pools, observed), machines))
        return Found(
            True,
            observed.nodes,
            # By themselves: the client can't run a command beside other requests.
            etcd=_etcd(api, masters),
            strange=strange,
            stored=_stored(api, masters, removed),
            budgets=api.budgets_without_room(),
            webhooks=api.webhooks(),
            pods=[found for several in pods for found in several],
            deprecated=sorted({entry for several in deprecated for entry in several}),
        )


def _etcd(api: ClusterApi, masters: Sequence[Machine]) -> list[EtcdMember]:
    """Etcd's members, through the first master that lets us ask."""
    for master in masters:
        with suppress(CskError):
            return api.etcd_members(master.name)
    return []


def _stored(api: ClusterApi, masters: Sequence[Machine], removed: Sequence[str]) -> list[tuple[str, int]]:
    """In which of the removed versions objects are stored, and how many, through the first master that lets us ask."""
    for master in masters:
        with suppress(CskError):
            kept = {name: api.stored_versions(master.name, name.rpartition("/")[2]) for name in removed}
            counts = ((name, versions.get(name.rpartition("/")[0], 0)) for name, versions in kept.items())
            return [(name, count) for name, count in counts if count]
    return []


def _deprecated(session: Session, cluster: Cluster, master: Machine) -> list[tuple[str, str]]:
    with suppress(CskError), session.api(cluster, address=master.address) as api:
        return api.deprecated_apis()
    return []


def _obstacles(api: ClusterApi, machine: Machine, pools: dict[str, Pool], observed: Observed) -> list[Obstacle]:
    if machine.name not in observed.nodes:
        return []
    how = drain_of(machine, pools, ())
    pods: list[Any] = [pod for pod in api.pods_on(machine.name) if evictable(pod)]
    return [found for pod in pods if (found := obstacle(machine.name, pod, how))]
