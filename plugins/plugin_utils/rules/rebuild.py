# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lost ledger had of a cluster, from the cluster's own record, its Nodes and its machines. Pure functions."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..core.errors import CskError, Problem
from ..core.machines import MachineState
from ..core.models import FIRST_ROUTER_ID, Cluster, Machine, Pool
from ..core.names import (
    ADDED_FORMAT,
    ADDED_LABEL,
    MACHINE_POOL,
    MACHINE_ROLE,
    MACHINE_ZONE,
    NODEPOOL_LABEL,
    ORIGIN_LABEL,
    ZONE_LABEL,
)
from .records import settings_now
from .settings import provider_of

FIELDS = ("name", "id", "version", "vpc_cidr", "endpoint", "created_at", "spec", "nodepools")
_NAME = re.compile(r"([a-z][-a-z0-9]*)-([1-9][0-9]*)")


def cluster_of(record: Mapping[str, str]) -> tuple[Cluster, list[Pool]]:
    """A ready cluster and its pools, of the cluster's own record (ConfigMap ``kube-system/csk-cluster``).

    :raises CskError: where the record lacks something.
    """
    missing = [key for key in FIELDS if key not in record]
    try:
        values = {key: record[key] for key in ("name", "id", "version", "vpc_cidr", "endpoint")}
        cluster = Cluster(
            **values,
            account="default",
            spec=settings_now(json.loads(record["spec"])),
            status="ready",
            etcd_token=secrets.token_hex(16),  # only a bootstrap needs it, and that is long over
            created_at=datetime.fromisoformat(record["created_at"]),
            router_id=int(record.get("router_id", FIRST_ROUTER_ID)),
        )
        pools = [Pool(cluster.name, name, spec) for name, spec in json.loads(record["nodepools"]).items()]
    except (KeyError, ValueError) as error:
        what = f"lacks {', '.join(missing)}." if missing else f"can't be read: {error}."
        rule = "a cluster carries the record that csk.kubernetes.create writes at its end."
        fix = "restore the ConfigMap from a backup of the cluster; a ledger can't be rebuilt without it."
        raise CskError(Problem("ConfigMap kube-system/csk-cluster", what, rule, fix)) from None
    return cluster, pools


def machines_of(
    cluster: Cluster,
    pools: Sequence[Pool],
    labels: Mapping[str, Mapping[str, str]],
    states: Mapping[str, Sequence[MachineState]],
    versions: Mapping[str, str],
) -> list[Machine]:
    """The cluster's machines, of its Nodes' labels and of what the providers have.

    A Node without csk's labels, as one that was joined by hand, is none of csk's machines. A machine without a Node
    counts as one of creation time, which nothing removes by itself.

    :param labels: each Node's.
    :param versions: each Node's kubelet's, without v.
    :param states: each provider's machines; only those with an address are of use.
    """
    found = []
    of_pool = {pool.name: provider_of(pool.spec, cluster.spec) for pool in pools}
    everywhere = [(state.name, provider, state) for provider, mine in states.items() for state in mine]
    for name in sorted({name for name, _provider, _state in everywhere}):
        # One that wraps another lists what the other lists too: then its pool says whose it is.
        listed = {provider: state for known, provider, state in everywhere if known == name}
        labelled = next(iter(listed.values())).labels.get(MACHINE_POOL, "")
        wanted = of_pool.get(labelled, cluster.spec["provider"])
        provider = wanted if wanted in listed else next(iter(listed))
        state = listed[provider]
        node = labels.get(state.name, {})
        match = _NAME.fullmatch(state.name)
        role = state.labels.get(MACHINE_ROLE)
        pool = node.get(NODEPOOL_LABEL) or state.labels.get(MACHINE_POOL) or None
        known = role == "master" or any(pool == one.name for one in pools)
        if not match or not known or not state.address:
            continue
        added = node.get(ADDED_LABEL)
        found.append(
            Machine(
                cluster=cluster.name,
                name=state.name,
                role="master" if role == "master" else "worker",
                pool=None if role == "master" else pool,
                zone=node.get(ZONE_LABEL) or state.labels.get(MACHINE_ZONE, ""),
                address=state.address,
                origin=_origin(node.get(ORIGIN_LABEL)),
                added_at=datetime.strptime(added, ADDED_FORMAT).replace(tzinfo=UTC) if added else cluster.created_at,
                status="ready",
                version=versions.get(state.name, cluster.version),
                provider=provider,
            )
        )
    return found


def _origin(label: str | None) -> Any:
    return label if label in ("create", "scale", "hand") else "create"
