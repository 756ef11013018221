# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what a cluster's record says: machines through the provider, members and labels through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import pki, plan
from .errors import CskError
from .models import Cluster, Machine, NewMachine, Pool
from .providers.base import MachineSpec
from .session import Live, Session, host

if TYPE_CHECKING:
    from .cluster_api import ClusterApi

TOKEN_SECONDS = 3600
ADMIN_GROUP = "kubeadm:cluster-admins"


def record_cluster(session: Session, name: str, version: str, spec: dict[str, Any]) -> Cluster:
    """Record a new cluster with its masters, CAs and administrator; one that is there is completed."""
    ledger = session.ledger
    cluster = ledger.cluster(name)
    if cluster is None:
        ledger.check_key()
        taken = session.provider(spec).networks()
        cluster = ledger.create_cluster(name, "default", version, spec, taken, spec.get("vpc_cidr"))
    if not ledger.secret(name, "admin.key"):
        secrets = pki.create_cas()
        crt, key = pki.client_cert(secrets["ca.crt"], secrets["ca.key"], pki.ADMIN_USER, [ADMIN_GROUP])
        ledger.put_secrets(name, {**secrets, "admin.crt": crt, "admin.key": key})
    missing = spec["masters"] - sum(machine.role == "master" for machine in ledger.machines(name))
    if missing > 0:
        now = datetime.now(UTC)
        zones = spec["zones"]
        first = spec["masters"] - missing
        new = [NewMachine("master", None, zones[(first + i) % len(zones)], "create", now) for i in range(missing)]
        ledger.add_machines(name, new)
    return cluster


def record_pool(session: Session, cluster: Cluster, name: str, spec: dict[str, Any]) -> list[Machine]:
    """Record a pool and the workers that it lacks; zones steer where they go."""
    ledger = session.ledger
    known = any(pool.name == name for pool in ledger.pools(cluster.name))
    old = [machine for machine in ledger.machines(cluster.name) if machine.pool == name]
    ledger.put_pool(cluster.name, name, spec)
    missing = spec["desired_size"] - len(old)
    if missing <= 0:
        return []
    origin = "scale" if known and cluster.status == "ready" else "create"
    now = datetime.now(UTC)
    zones = spec["zones"] or cluster.spec["zones"]
    used = Counter(machine.zone for machine in old)
    new = []
    for _number in range(missing):
        zone = min(zones, key=lambda z: (used[z], zones.index(z)))
        used[zone] += 1
        new.append(NewMachine("worker", name, zone, origin, now))
    return ledger.add_machines(cluster.name, new)


def machines(
    session: Session, cluster: Cluster, chosen: Sequence[Machine], live: Live
) -> tuple[list[dict[str, Any]], list[str]]:
    """Make or start the chosen machines, and say which of them the roles have work on.

    :returns: the hosts for add_host, and what was done in sentences.
    """
    provider = session.provider(cluster.spec)
    recorded = session.ledger.machines(cluster.name)
    masters = [machine for machine in recorded if machine.role == "master"]
    work = {w.name: w for m in chosen if (w := plan.machine_work(cluster, m, live.machines.get(m.name), live.observed))}
    replaced = [m for m in chosen if m.name in work and work[m.name].machine == "replace"]
    if replaced:
        _forget(session, cluster, masters, replaced, live)
        provider.delete(cluster.name, [machine.name for machine in replaced], cluster.id)
    made = [machine for machine in chosen if machine.name in work and work[machine.name].machine]
    if made:
        provider.ensure_network(cluster.name, cluster.id, cluster.vpc_cidr)
        dns = cluster.spec["dns_servers"] or provider.nameservers()
        specs = [_machine_spec(cluster, machine, dns) for machine in made]
        provider.create(cluster.name, cluster.id, specs, _progress(session, len(specs)))
    joining = [w.name for w in work.values() if w.host in ("join", "bootstrap")]
    if joining:
        _token(session, cluster)
    mtu = provider.mtu() if joining else None
    hosts = [
        host(cluster, machine, masters, provider.console(cluster.name, machine.name), work[machine.name].host, mtu)
        for machine in chosen
        if machine.name in work and work[machine.name].host
    ]
    return hosts, [f"{w.name}: {w.why}." for w in work.values()]


def put_labels(api: ClusterApi, recorded: Sequence[Machine], pools: dict[str, Pool], live: Any) -> list[str]:
    """Put missing labels and taints back on the Nodes; what others set stays."""
    done = []
    for machine in recorded:
        node = live.nodes.get(machine.name)
        if node is None:
            continue
        pool = pools.get(machine.pool or "")
        labels = plan.label_changes(machine, pool, node)
        taints = plan.taints_wanted(machine, pool, node)
        if labels or taints:
            api.patch_node(machine.name, dict(labels), taints)
            done.append(f"{machine.name}: set {', '.join([*sorted(labels), *(['taints'] if taints else [])])}.")
    return done


def _forget(
    session: Session, cluster: Cluster, masters: Sequence[Machine], lost: Sequence[Machine], live: Live
) -> None:
    """Take lost machines out of the cluster: their etcd members, and their Nodes."""
    names = {machine.name for machine in lost}
    problem = plan.quorum_problem(cluster, masters, [m.name for m in masters if m.name in names])
    if problem:
        raise CskError(problem)
    healthy = [
        m.name for m in masters if m.name not in names and (node := live.observed.nodes.get(m.name)) and node.ready
    ]
    session.ledger.set_machine_status(cluster.name, sorted(names), "new")
    with session.api(cluster, timeout=15) as api:
        for machine in lost:
            if machine.role == "master":
                api.remove_etcd_member(healthy[0], machine.name)
            api.delete_node(machine.name)


def _token(session: Session, cluster: Cluster) -> None:
    """A bootstrap token for the machines that join; kubeadm creates the first one, later ones go in by the API."""
    token = session.ledger.secret(cluster.name, "token")
    if token is None:
        token = pki.bootstrap_token().encode()
        session.ledger.put_secret(cluster.name, "token", token)
    if cluster.status == "ready":
        with session.api(cluster) as api:
            api.put_token(token.decode(), TOKEN_SECONDS)


def _machine_spec(cluster: Cluster, machine: Machine, dns: Sequence[str]) -> MachineSpec:
    labels = {"csk.dev/role": machine.role, "csk.dev/pool": machine.pool or "", "csk.dev/zone": machine.zone}
    return MachineSpec(
        name=machine.name,
        address=machine.address,
        image=cluster.version,
        zone=machine.zone,
        labels=labels,
        env={"CSK_DNS": " ".join(dns)},
    )


def _progress(session: Session, total: int) -> Any:
    done: list[str] = []

    def report(name: str, seconds: float) -> None:
        done.append(name)
        session.say(f"[{len(done)}/{total}] machine {name} is up, {seconds:.1f} s")

    return report
