# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the machines that a cluster's record says, and says what the roles have to do on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..context.session import Session
from ..control_planes.stacked.make import forget, release_of
from ..core.machines import MachinesLostError, MachineSpec
from ..core.models import Cluster, Machine, Pool, masters_of
from ..core.names import MACHINE_POOL, MACHINE_ROLE, MACHINE_ZONE
from ..core.observed import Live
from ..rules import instance, plan
from .hosts import host
from .tokens import give_token


def machines(
    session: Session, cluster: Cluster, chosen: Sequence[Machine], live: Live
) -> tuple[list[dict[str, Any]], list[str]]:
    """Make or start the chosen machines, and say which of them the roles have work on.

    :returns: the hosts for csk_host, and what was done in sentences.
    """
    fleet = session.fleet(cluster)
    recorded = session.ledger.machines(cluster.name)
    masters = masters_of(recorded)
    work = {m.name: w for m in chosen if (w := _work(cluster, m, live))}
    replaced = [m for m in chosen if m.name in work and work[m.name].machine == "replace"]
    made = [machine for machine in chosen if machine.name in work and work[machine.name].machine]
    if replaced:
        # Those that were only stopped first: they may be what etcd's majority lacks.
        _make(session, cluster, [machine for machine in made if machine not in replaced])
        forget(session, cluster, masters, replaced, live.address)
        made = replaced
    for machine in made:
        release = release_of(cluster, machine, masters)
        if work[machine.name].machine != "start" and machine.version != release:
            session.ledger.set_machine_version(cluster.name, [machine.name], release)
    try:
        _make(session, cluster, made)
    except MachinesLostError:
        return machines(session, cluster, chosen, session.live(cluster, chosen))  # now they are replaced
    joining = [w.name for w in work.values() if w.host in ("join", "bootstrap")]
    if joining:
        give_token(session, cluster, live.observed.reachable)
    _end_orphans(session, cluster, [w.name for w in work.values() if w.host == "register"])
    mtu = fleet.mtu() if joining else None
    hosts = [
        host(session, cluster, machine, masters, work[machine.name].host, mtu)
        for machine in chosen
        if machine.name in work and work[machine.name].host
    ]
    return hosts, [f"{w.name}: {w.why}." for w in work.values()]


def _work(cluster: Cluster, machine: Machine, live: Live) -> plan.Work | None:
    strange = live.strange.get(machine.name, "")
    return plan.machine_work(cluster, machine, live.machines.get(machine.name), live.observed, strange)


def _make(session: Session, cluster: Cluster, wanted: Sequence[Machine]) -> None:
    """Make these machines, or start them."""
    if wanted:
        pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
        masters = masters_of(session.ledger.machines(cluster.name))

        def spec_of(machine: Machine, nameservers: list[str]) -> MachineSpec:
            dns = cluster.spec["dns_servers"] or nameservers
            return _machine_spec(cluster, machine, pools.get(machine.pool or ""), dns, masters)

        session.fleet(cluster).create(wanted, cluster.vpc_cidr, spec_of, _progress(session, len(wanted)))


def _end_orphans(session: Session, cluster: Cluster, names: Sequence[str]) -> None:
    """Let the pods of Nodes that are missing end, before Kubernetes removes them by force after a while.

    The Node that registers anew gets another range of addresses: pods that stayed would be out of reach. They run, so
    it is their kubelet that ends them, as soon as it is back.
    """
    if names:
        with session.api(cluster, timeout=15) as api:
            for name in names:
                api.end_pods(name)


def _machine_spec(
    cluster: Cluster, machine: Machine, pool: Pool | None, dns: Sequence[str], masters: Sequence[Machine]
) -> MachineSpec:
    labels = {MACHINE_ROLE: machine.role, MACHINE_POOL: machine.pool or "", MACHINE_ZONE: machine.zone}
    return MachineSpec(
        name=machine.name,
        address=machine.address,
        image=release_of(cluster, machine, masters),
        zone=machine.zone,
        keep_data=machine.status == "ready",
        labels=labels,
        limits=instance.limits(pool.spec.get("instance") or {}) if pool else None,
        env={"CSK_DNS": " ".join(dns)},
    )


def _progress(session: Session, total: int) -> Callable[[str, float], None]:
    done: list[str] = []

    def report(name: str, seconds: float) -> None:
        done.append(name)
        session.say(f"[{len(done)}/{total}] machine {name} is up, {seconds:.1f} s")

    return report
