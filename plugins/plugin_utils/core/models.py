# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger records and what providers and playbooks pass around: clusters, pools, machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ClusterStatus = Literal["creating", "restoring", "ready", "deleting"]
MachineStatus = Literal["new", "ready", "leaving", "upgrading"]
Role = Literal["master", "worker"]
Origin = Literal["create", "scale", "hand"]
FIRST_ROUTER_ID = 51  # that of all clusters which were made before each had its own


@dataclass(frozen=True)
class Cluster:
    """A cluster as the ledger knows it.

    :param id: a UUID, never reused; labels every object of the cluster.
    :param version: the exact Kubernetes version, without v: ``1.36.3``.
    :param spec: the options of csk_cluster with their defaults, as JSON values.
    :param status: ``creating`` until every node was Ready once; only then is etcd's data sacred.
    :param vpc_cidr: the machines' network.
    :param endpoint: the address that stands before the masters; the port is always 6443.
    :param etcd_token: random, new for each bootstrap (facts.md: member IDs are a hash of it).
    :param upgrade_to: the exact version that an upgrade was begun to, and not ended.
    :param restore_from: the snapshot of etcd, on the controller, that masters start from until the cluster is ready.
    :param router_id: VRRP's virtual router ID, 1 to 255, random in each cluster.
    :param places: provider -> where its machines of the cluster are (Provider.place).
    """

    id: str
    name: str
    account: str
    version: str
    spec: dict[str, Any]
    status: ClusterStatus
    vpc_cidr: str
    endpoint: str
    etcd_token: str = field(repr=False)
    created_at: datetime
    upgrade_to: str | None = None
    restore_from: str | None = None
    router_id: int = FIRST_ROUTER_ID
    places: dict[str, str] = field(default_factory=dict)

    @property
    def was_ready(self) -> bool:
        """Whether its masters ever made a cluster; until then nothing of it is worth keeping."""
        return self.status != "creating" or self.restore_from is not None


@dataclass(frozen=True)
class Pool:
    """A node pool as the ledger knows it; ``spec`` is the options of csk_nodepool with their defaults."""

    cluster: str
    name: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class NewMachine:
    """A machine to be recorded: the ledger gives it its name and its address.

    :param added_at: when it came to be; a replacement keeps that of the machine it replaces, and its origin.
    :param replaces: the worker whose place it takes in an upgrade, and which goes once this one is well.
    :param provider: where it comes from; None: its cluster's.
    """

    role: Role
    pool: str | None
    zone: str
    origin: Origin
    added_at: datetime
    replaces: str | None = None
    provider: str | None = None


@dataclass(frozen=True)
class Machine:
    """One machine of a cluster. ``name`` is the Node's name and the host's name; ``pool`` is None for masters.

    :param version: the release that it was made of, or upgraded to: ``1.36.3``.
    :param replaces: the worker whose place it took in an upgrade.
    :param provider: the name of the one that has it.
    """

    cluster: str
    name: str
    role: Role
    pool: str | None
    zone: str
    address: str
    origin: Origin
    added_at: datetime
    status: MachineStatus = "new"
    version: str = ""
    replaces: str | None = None
    provider: str = ""


def masters_of(machines: Iterable[Machine]) -> list[Machine]:
    """Those of a cluster's machines that are masters, in their order."""
    return [machine for machine in machines if machine.role == "master"]
