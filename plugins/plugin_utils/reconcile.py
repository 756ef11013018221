# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes what a cluster's record says: machines through the provider, members and labels through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import instance, pki, plan
from .errors import CskError, Problem
from .models import Cluster, Machine, NewMachine, Pool, masters_of
from .node_api import UNSCHEDULABLE_BY_POOL
from .providers.base import MachinesLostError, MachineSpec
from .scaling import Scaling
from .session import Live, Session, host

if TYPE_CHECKING:
    from .cluster_api import ClusterApi, Observed

TOKEN_SECONDS = 3600
MAJORITY_SECONDS = 120
RENEW_DAYS = 60  # before its end, of a year


def record_cluster(session: Session, name: str, version: str, spec: dict[str, Any]) -> Cluster:
    """Record a new cluster with its masters, CAs and administrator; one that is there is completed."""
    ledger = session.ledger
    cluster = ledger.cluster(name)
    if cluster is None:
        ledger.check_key()
        taken = session.provider(spec).networks()
        cluster = ledger.create_cluster(
            name, "default", version, spec, taken, spec.get("vpc_cidr"), session.quotas.clusters
        )
    if not ledger.secret(name, "ca.key"):
        ledger.put_secrets(name, pki.create_cas())
    renew_administrator(session, cluster)
    missing = spec["masters"] - sum(machine.role == "master" for machine in ledger.machines(name))
    if missing > 0:
        now = datetime.now(UTC)
        zones = spec["zones"]
        first = spec["masters"] - missing
        new = [NewMachine("master", None, zones[(first + i) % len(zones)], "create", now) for i in range(missing)]
        ledger.add_machines(name, new, session.quotas.nodes)
    return cluster


def renew_administrator(session: Session, cluster: Cluster) -> bool:
    """Make the administrator's certificate, or a new one when its end is near; whether it did."""
    have = session.ledger.secrets(cluster.name, ["ca.crt", "ca.key", "admin.crt"])
    if "admin.crt" in have and pki.days_left(have["admin.crt"]) > RENEW_DAYS:
        return False
    crt, key = pki.client_cert(have["ca.crt"], have["ca.key"], pki.ADMIN_USER, [pki.ADMIN_GROUP])
    session.ledger.put_secrets(cluster.name, {"admin.crt": crt, "admin.key": key})
    return True


def record_pool(session: Session, cluster: Cluster, name: str, spec: dict[str, Any], scaling: Scaling) -> list[Machine]:
    """Record a pool and the workers that it lacks.

    Zones steer where they go; one that takes another's place inherits its zone, origin and age.
    """
    ledger = session.ledger
    known = any(pool.name == name for pool in ledger.pools(cluster.name))
    old = [machine for machine in ledger.machines(cluster.name) if machine.pool == name]
    ledger.put_pool(cluster.name, name, spec)
    if not scaling.missing:
        return []
    origin = "scale" if known and cluster.status == "ready" else "create"
    now = datetime.now(UTC)
    zones = spec["zones"] or cluster.spec["zones"]
    new = [NewMachine("worker", name, m.zone, m.origin, m.added_at) for m in scaling.heirs_of]
    used = Counter(machine.zone for machine in [*(m for m in old if m not in scaling.going), *new])
    for _number in range(scaling.missing - len(new)):
        zone = min(zones, key=lambda z: (used[z], zones.index(z)))
        used[zone] += 1
        new.append(NewMachine("worker", name, zone, origin, now))
    return ledger.add_machines(cluster.name, new, session.quotas.nodes)


def drop_labels(
    session: Session, cluster: Cluster, mine: Sequence[Machine], before: dict[str, Any] | None, after: dict[str, Any]
) -> list[str]:
    """Take labels and taints off a pool's Nodes that the pool had and no longer wants; what others set stays."""
    labels = {key: None for key in (before or {}).get("labels", {}) if key not in after["labels"]}
    kept = {(taint["key"], taint["effect"]) for taint in after["taints"]}
    taints = {(t["key"], t["effect"]) for t in (before or {}).get("taints", [])} - kept
    if not labels and not taints:
        return []
    done = []
    with session.api(cluster) as api:
        nodes = api.observe().nodes
        for machine in mine:
            node = nodes.get(machine.name)
            if node is None:
                continue
            left = [t for t in node.taints if (t[0], t[2]) not in taints]
            new = [{"key": key, "value": value, "effect": effect} for key, value, effect in left]
            api.patch_node(machine.name, labels, new if taints else None)
            done.append(f"{machine.name}: took off {', '.join([*labels, *(key for key, _effect in sorted(taints))])}.")
    return done


def machines(
    session: Session, cluster: Cluster, chosen: Sequence[Machine], live: Live
) -> tuple[list[dict[str, Any]], list[str]]:
    """Make or start the chosen machines, and say which of them the roles have work on.

    :returns: the hosts for add_host, and what was done in sentences.
    """
    provider = session.provider(cluster.spec)
    recorded = session.ledger.machines(cluster.name)
    masters = masters_of(recorded)
    work = {w.name: w for m in chosen if (w := plan.machine_work(cluster, m, live.machines.get(m.name), live.observed))}
    replaced = [m for m in chosen if m.name in work and work[m.name].machine == "replace"]
    made = [machine for machine in chosen if machine.name in work and work[machine.name].machine]
    if replaced:
        # Those that were only stopped first: they may be what etcd's majority lacks.
        _make(session, cluster, [machine for machine in made if machine not in replaced])
        _forget(session, cluster, masters, replaced)
        provider.delete(cluster.name, [machine.name for machine in replaced], cluster.id)
        made = replaced
    for machine in made:
        release = _release(cluster, machine, masters)
        if work[machine.name].machine != "start" and machine.version != release:
            session.ledger.set_machine_version(cluster.name, [machine.name], release)
    try:
        _make(session, cluster, made)
    except MachinesLostError:
        return machines(session, cluster, chosen, session.live(cluster, chosen))  # now they are replaced
    joining = [w.name for w in work.values() if w.host in ("join", "bootstrap")]
    if joining:
        _token(session, cluster, live.observed.reachable)
    _end_orphans(session, cluster, [w.name for w in work.values() if w.host == "register"])
    mtu = provider.mtu() if joining else None
    hosts = [
        host(cluster, machine, masters, provider.console(cluster.name, machine.name), work[machine.name].host, mtu)
        for machine in chosen
        if machine.name in work and work[machine.name].host
    ]
    return hosts, [f"{w.name}: {w.why}." for w in work.values()]


def _release(cluster: Cluster, machine: Machine, masters: Sequence[Machine]) -> str:
    """The exact version that a machine is made of; in an upgrade, a master's is the target once another master has it.

    From then on kubeadm's configuration in the cluster says the target, by which a master joins.
    """
    begun = any(master.version == cluster.upgrade_to for master in masters)
    return cluster.upgrade_to if cluster.upgrade_to and begun and machine.role == "master" else cluster.version


def _make(session: Session, cluster: Cluster, wanted: Sequence[Machine]) -> None:
    """Make these machines, or start them."""
    if wanted:
        provider = session.provider(cluster.spec)
        provider.ensure_network(cluster.name, cluster.id, cluster.vpc_cidr)
        dns = cluster.spec["dns_servers"] or provider.nameservers()
        pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
        masters = masters_of(session.ledger.machines(cluster.name))
        specs = [_machine_spec(cluster, m, pools.get(m.pool or ""), dns, masters) for m in wanted]
        provider.create(cluster.name, cluster.id, specs, _progress(session, len(specs)))


def _end_orphans(session: Session, cluster: Cluster, names: Sequence[str]) -> None:
    """End the pods of Nodes that are missing, as Kubernetes does after a while.

    The Node that registers anew gets another range of addresses: pods that stayed would be out of reach.
    """
    if names:
        with session.api(cluster, timeout=15) as api:
            for name in names:
                api.delete_pods(name)


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
        unschedulable = plan.unschedulable_wanted(pool, node)
        if unschedulable is not None:
            (api.cordon if unschedulable else api.uncordon)(machine.name, UNSCHEDULABLE_BY_POOL)
            done.append(f"{machine.name}: made {'un' if unschedulable else ''}schedulable.")
    return done


def _forget(session: Session, cluster: Cluster, masters: Sequence[Machine], lost: Sequence[Machine]) -> None:
    """Take lost machines out of the cluster: their etcd members, and their Nodes.

    :raises CskError: where etcd has no majority without them.
    """
    names = {machine.name for machine in lost}
    left = [master.name for master in masters if master.name not in names]
    problem = plan.quorum_problem(cluster, masters, [master.name for master in masters if master.name in names])
    if problem:
        raise CskError(problem)
    with session.api(cluster, timeout=15) as api:
        through = _majority(api, cluster, masters, left)
        session.ledger.set_machine_status(cluster.name, sorted(names), "new")
        for machine in lost:
            if machine.role == "master":
                api.remove_etcd_member(through, machine.name, machine.address)
            api.delete_node(machine.name)


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


def _token(session: Session, cluster: Cluster, reachable: bool) -> None:
    """A bootstrap token for the machines that join; kubeadm creates the first one, later ones go in by the API."""
    token = session.ledger.secret(cluster.name, "token")
    if token is None:
        token = pki.bootstrap_token().encode()
        session.ledger.put_secret(cluster.name, "token", token)
    if reachable:
        with session.api(cluster) as api:
            api.put_token(token.decode(), TOKEN_SECONDS)


def end_token(session: Session, cluster: Cluster, api: ClusterApi) -> None:
    """Take back the bootstrap token after the last join."""
    token = session.ledger.secret(cluster.name, "token")
    if token:
        api.delete_token(token.decode())
        session.ledger.delete_secret(cluster.name, "token")


def _machine_spec(
    cluster: Cluster, machine: Machine, pool: Pool | None, dns: Sequence[str], masters: Sequence[Machine]
) -> MachineSpec:
    labels = {"csk.dev/role": machine.role, "csk.dev/pool": machine.pool or "", "csk.dev/zone": machine.zone}
    return MachineSpec(
        name=machine.name,
        address=machine.address,
        image=_release(cluster, machine, masters),
        zone=machine.zone,
        keep_data=machine.status == "ready",
        labels=labels,
        limits=instance.limits(pool.spec.get("instance") or {}) if pool else None,
        env={"CSK_DNS": " ".join(dns)},
    )


def _progress(session: Session, total: int) -> Any:
    done: list[str] = []

    def report(name: str, seconds: float) -> None:
        done.append(name)
        session.say(f"[{len(done)}/{total}] machine {name} is up, {seconds:.1f} s")

    return report
