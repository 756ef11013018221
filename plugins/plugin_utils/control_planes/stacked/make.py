# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters of a cluster: recorded, found lost, and taken out of etcd and the API."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from ...context.fencing import judge, take_out
from ...context.session import Session
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine, NewMachine
from ...core.observed import Live, Observed
from ...kube.cluster_api import ClusterApi
from ...rules import plan
from ...rules.fencing import way_anew

MAJORITY_SECONDS = 120


def record_masters(session: Session, name: str, spec: dict[str, Any]) -> None:
    """Record the masters that a cluster lacks, in its zones by turns.

    :param spec: the options of csk_cluster.
    """
    missing = spec["masters"] - sum(machine.role == "master" for machine in session.ledger.machines(name))
    if missing > 0:
        now = datetime.now(UTC)
        zones = spec["zones"]
        first = spec["masters"] - missing
        new = [NewMachine("master", None, zones[(first + i) % len(zones)], "create", now) for i in range(missing)]
        session.ledger.add_machines(name, new, session.quotas.nodes)


def lost_masters(session: Session, cluster: Cluster, live: Live) -> list[str]:
    """Masters whose machine is gone, that never finished joining, or whose etcd isn't the cluster's any more."""
    return [
        machine.name
        for machine in session.ledger.machines(cluster.name)
        if machine.role == "master"
        and (machine.name not in live.machines or machine.status == "new" or machine.name in live.strange)
    ]


def release_of(cluster: Cluster, machine: Machine, masters: Sequence[Machine]) -> str:
    """The exact version that a machine is made of; in an upgrade, a master's is the target once another master has it.

    From then on kubeadm's configuration in the cluster says the target, by which a master joins.
    """
    begun = any(master.version == cluster.upgrade_to for master in masters)
    return cluster.upgrade_to if cluster.upgrade_to and begun and machine.role == "master" else cluster.version


def forget(
    session: Session,
    cluster: Cluster,
    masters: Sequence[Machine],
    lost: Sequence[Machine],
    address: str | None = None,
) -> None:
    """Take lost machines out of the cluster: their etcd members, their Nodes, and what is left of the machines.

    :param address: of a master whose own API server is asked; None: the endpoint.
    :raises CskError: where etcd has no majority without them, and where one may still live.
    """
    names = {machine.name for machine in lost}
    left = [master.name for master in masters if master.name not in names]
    problem = plan.quorum_problem(cluster, masters, [master.name for master in masters if master.name in names])
    if problem:
        raise CskError(problem)
    with session.api(cluster, timeout=15, address=address) as api:
        through = _majority(api, cluster, masters, left)
        found = judge(session, cluster, api, sorted(names), rule=way_anew)
        if found.problems:
            raise CskError(list(found.problems.values()))
        # A master is a new member of etcd from now on; a killed run's successor goes on with it. A worker is new, and
        # only has to join, when nothing of the old one is left.
        ledger, workers = session.ledger, [machine.name for machine in lost if machine.role == "worker"]
        ledger.set_machine_status(cluster.name, sorted(names - set(workers)), "new")
        fleet = session.fleet(cluster)
        fleet.stop(sorted(names))
        for machine in lost:
            if machine.role == "master":
                api.remove_etcd_member(through, machine.name, machine.address)
            take_out(session, api, machine.name)
        ledger.set_machine_status(cluster.name, workers, "new")
        fleet.delete(sorted(names))


def _majority(api: ClusterApi, cluster: Cluster, masters: Sequence[Machine], left: Sequence[str]) -> str:
    """Wait until the masters that are left are a healthy majority of etcd; one of them, to act through."""

    def missing(observed: Observed) -> list[str]:
        for name in left:
            node = observed.nodes.get(name)
            # The pod of a master that was just started may not take commands yet.
            with suppress(CskError):
                if node and node.kubelet and api.healthy_etcd_members(name) > len(masters) // 2:
                    chosen[:] = [name]
                    return []
        return [f"a majority of etcd's members, of which {', '.join(left)} are left"]

    chosen: list[str] = []
    gone = api.wait(missing, MAJORITY_SECONDS, lambda _missing: None)
    if gone:
        rule = "a master is replaced by the majority of etcd's members."
        fix = "look at the masters named here, then run the playbook again."
        raise CskError(Problem(f"cluster {cluster.name}", f"lacks {gone[0]}.", rule, fix))
    return chosen[0]
