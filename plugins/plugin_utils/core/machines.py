# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as they are wanted, as they are, and what they may use; it knows nothing of Kubernetes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .errors import CskError


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
    """A machine that is there.

    :param status: ``stopped``: it is of no use as it is. That nothing of it runs is sure after ``Provider.stop``.
    :param created: in ISO 8601, UTC.
    """

    name: str
    address: str
    status: Literal["running", "stopped"]
    labels: dict[str, str]
    created: str
