# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider of machines offers: a network, machines on it, and a way in. It knows nothing of Kubernetes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError, Problem

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Limits:
    """What one machine may use; None: no limit.

    :param cpus: in cores; 1.5 is one and a half.
    :param memory_bytes: in bytes; there is no swap beyond it.
    :param pids: processes and threads.
    """

    cpus: float | None = None
    memory_bytes: int | None = None
    pids: int | None = None


@dataclass(frozen=True)
class Capacity:
    """What one machine can have at most.

    :param cpus: in cores.
    :param memory_bytes: as a kubelet on it sees it.
    :param disk_free: bytes that are free where the machines' data lie.
    """

    cpus: int
    memory_bytes: int
    disk_free: int = 0


class MachinesLostError(CskError):
    """What is left of machines that must keep their data can't be started; what was left of them is gone now."""


@dataclass(frozen=True)
class MachineSpec:
    """A machine that is wanted.

    :param name: the host's name in its cluster, for example ``master-1``.
    :param address: its fixed IPv4 address on the cluster's network.
    :param image: the release whose node image it boots, for example ``1.36.3``.
    :param keep_data: it isn't made anew where it can't be started; MachinesLostError says so.
    :param labels: put on the machine as the provider can; keys of ``csk.dev/``.
    :param env: settings that the machine's boot unit reads, for example ``CSK_DNS``; no secrets.
    """

    name: str
    address: str
    image: str
    zone: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    keep_data: bool = False
    limits: Limits | None = None
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MachineState:
    """A machine that is there. ``created`` is in ISO 8601, UTC."""

    name: str
    address: str
    status: Literal["running", "stopped"]
    labels: dict[str, str]
    created: str


class Provider(ABC):
    """Machines of one kind. All methods raise CskError, with all the problems that were found."""

    at_once = 0  # how many machines may do heavy work at once, where they share a host; 0: all of them

    @abstractmethod
    def check(self, release: str, machines: int) -> list[Problem]:
        """Whether ``machines`` more machines of a release can be made here. Changes nothing."""

    @abstractmethod
    def capacity(self) -> Capacity:
        """What the host of the machines has."""

    @abstractmethod
    def networks(self) -> list[str]:
        """The IPv4 CIDRs that are in use where the machines will be, so that a free one can be chosen."""

    @abstractmethod
    def nameservers(self) -> list[str]:
        """Addresses of DNS servers that machines and their pods can reach; may be empty."""

    @abstractmethod
    def mtu(self) -> int:
        """The MTU that the machines' network has, or will have, in bytes."""

    @abstractmethod
    def ensure_network(self, cluster: str, cluster_id: str, cidr: str) -> bool:
        """Make the cluster's network if it is not there. Returns whether something was changed."""

    @abstractmethod
    def create(
        self, cluster: str, cluster_id: str, machines: Sequence[MachineSpec], progress: Progress | None = None
    ) -> list[str]:
        """Make what is missing and start what is stopped, in parallel; return the names of the machines touched.

        A machine that runs is left alone; one that was left half-made is made anew. Returns when all of them are up.
        :param progress: called with a machine's name and the seconds since the call, as each one is up.
        """

    @abstractmethod
    def deliver(self, cluster: str, names: Sequence[str], release: str | None) -> str:
        """Give running machines a release's artifacts, or take them away again (None); those that have them keep them.

        :returns: the folder of the artifacts on each machine.
        """

    @abstractmethod
    def delete(self, cluster: str, names: Sequence[str] | None = None, cluster_id: str | None = None) -> list[str]:
        """Remove machines with their data; with ``names`` None everything of the cluster. Returns what was removed.

        :param cluster_id: where it is given, objects of a cluster with the same name and another id are an error.
        """

    @abstractmethod
    def list(self, cluster: str | None = None) -> list[MachineState]:
        """The machines of one cluster, or of all."""

    @abstractmethod
    def clusters(self) -> dict[str, str]:
        """Names of the clusters that have objects here, with their ids."""

    @abstractmethod
    def console(self, cluster: str, name: str) -> dict[str, Any]:
        """Ansible's connection variables for a machine."""

    @abstractmethod
    def logs(self, cluster: str, name: str, lines: int = 50) -> str:
        """The last lines of the machine's own log, for an error message."""
