# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is really there: Nodes, members of etcd, machines."""

from __future__ import annotations

from dataclasses import dataclass, field

from .machines import MachineState


@dataclass(frozen=True)
class NodeState:
    """A Node as the API shows it.

    :param kubelet: whether its kubelet answered just now, at its own port.
    :param unschedulable: whether it is cordoned.
    :param cordoned_by_csk: whether csk did that, to empty it.
    :param unschedulable_by_pool: whether csk did that because its pool wants it so.
    :param message: why it isn't ready, as its condition says.
    :param heard: when its kubelet last renewed its Lease, as the Lease says it; empty: never.
    :param lapsed: whether that Lease is over, by the API server's clock.
    :param unknown: whether the API lost sight of its kubelet (the condition Ready is Unknown).
    """

    name: str
    ready: bool
    kubelet: bool
    version: str
    labels: dict[str, str]
    taints: tuple[tuple[str, str, str], ...]
    unschedulable: bool = False
    cordoned_by_csk: bool = False
    unschedulable_by_pool: bool = False
    message: str = ""
    heard: str = ""
    lapsed: bool = False
    unknown: bool = False


@dataclass(frozen=True)
class Observed:
    """What is really there. ``reachable`` is False where no API server answered; then the rest is empty.

    :param addons: name -> available, on all Nodes that are Ready; an add-on that isn't there is missing.
    """

    reachable: bool
    nodes: dict[str, NodeState] = field(default_factory=dict)
    addons: dict[str, bool] = field(default_factory=dict)
    record: dict[str, str] | None = None


@dataclass(frozen=True)
class Live:
    """What is really there: the provider's machines by name, and what the API shows.

    :param strange: masters whose etcd isn't the cluster's any more, each with why.
    :param address: of a master whose API server is asked while there are such ones, for the endpoint may lead to one.
    """

    machines: dict[str, MachineState]
    observed: Observed
    strange: dict[str, str] = field(default_factory=dict)
    address: str | None = None


@dataclass(frozen=True)
class EtcdView:
    """What a master's etcd says of the cluster that it is in.

    :param cluster: the ID of that cluster, and ``member`` the master's own in it.
    :param members: the IDs of all that are in it.
    """

    cluster: str
    member: str
    members: frozenset[str]


@dataclass(frozen=True)
class EtcdMember:
    """A member of etcd as it shows itself.

    :param applied: the index of the last log entry that it applied.
    :param used: bytes of its database, and ``quota`` what it may use.
    :param problem: what is wrong with it; empty where nothing is.
    """

    name: str
    applied: int
    used: int
    quota: int
    problem: str = ""


@dataclass(frozen=True)
class Webhook:
    """An admission webhook.

    :param configuration: the object that has it, such as ``ValidatingWebhookConfiguration policies``.
    :param closed: whether what it is asked for fails where it doesn't answer.
    :param asked_for: (API group, resource, operation) of each kind of request, ``*`` for any.
    :param service: ``namespace/name`` of the service that it is; empty where it is a URL.
    :param ready: how many endpoints of that service are ready.
    """

    configuration: str
    name: str
    closed: bool
    asked_for: tuple[tuple[str, str, str], ...]
    service: str = ""
    ready: int = 0
