# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is really there: Nodes, members of etcd, machines."""

from __future__ import annotations

from dataclasses import dataclass, field

from .machines import MachineState


@dataclass(frozen=True)
class NodeState:
    """A Node as the API shows it.

    :param kubelet: whether its kubelet answered just now.
    :param unschedulable: whether it is cordoned.
    :param cordoned_by_csk: whether csk did that, to empty it.
    :param unschedulable_by_pool: whether csk did that because its pool wants it so.
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
    """What is really there: the provider's machines by name, and what the API shows."""

    machines: dict[str, MachineState]
    observed: Observed


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
