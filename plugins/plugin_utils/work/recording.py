# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records clusters and pools in the ledger, with the machines that they are to have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..context.session import Session
from ..control_planes.stacked.make import record_masters
from ..control_planes.stacked.renew import renew_administrator
from ..core.models import Cluster, Machine, NewMachine
from ..render import pki
from ..rules.scaling import Scaling


def record_cluster(
    session: Session, name: str, version: str, spec: dict[str, Any], providers: Sequence[str] = ()
) -> Cluster:
    """Record a new cluster with its masters, CAs and administrator; one that is there is completed.

    :param providers: those that its pools will name.
    """
    ledger = session.ledger
    cluster = ledger.cluster(name)
    if cluster is None:
        ledger.check_key()
        taken = session.planned_fleet(spec, providers).networks()
        cluster = ledger.create_cluster(
            name, "default", version, spec, taken, spec.get("vpc_cidr"), session.quotas.clusters
        )
    if not ledger.secret(name, "ca.key"):
        ledger.put_secrets(name, pki.create_cas())
    renew_administrator(session, cluster)
    record_masters(session, name, spec)
    return cluster


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
    provider = spec.get("provider")
    new = [NewMachine("worker", name, m.zone, m.origin, m.added_at, provider=provider) for m in scaling.heirs_of]
    used = Counter(machine.zone for machine in [*(m for m in old if m not in scaling.going), *new])
    for _number in range(scaling.missing - len(new)):
        zone = min(zones, key=lambda z: (used[z], zones.index(z)))
        used[zone] += 1
        new.append(NewMachine("worker", name, zone, origin, now, provider=provider))
    return ledger.add_machines(cluster.name, new, session.quotas.nodes)
