# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the container provider does for one machine, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from ...core.errors import CskError, Problem
from ...core.machines import MachineSpec
from ...core.names import MACHINE_ZONE
from . import machine
from .engine import LABEL_RELEASE, Engine
from .names import LABEL_CLUSTER, LABEL_ID, LABEL_MACHINE, address_of, container_name, network_name
from .store import IMAGE

# What a machine's data directory holds, and where the machine sees it: none of it may lie on the container's overlay.
DIRECTORIES = {"containerd": "/var/lib/containerd", "kubelet": "/var/lib/kubelet", "etcd": "/var/lib/etcd"}
# The unit that says that a machine is up.
UNIT = "containerd"


class MachineGoneError(Exception):
    """What is left of a machine can't be started: it is made anew."""


class Maker:
    """What is done for one machine, in a thread of its own.

    :param up: called with a machine's name when it is up.
    """

    def __init__(self, engine: Engine, cluster: str, cluster_id: str, up: Callable[[str], Any]) -> None:
        self.engine = engine
        self.cluster = cluster
        self.cluster_id = cluster_id
        self.up = up

    def make(self, spec: MachineSpec) -> bool:
        """Create and start a machine whose directories are there."""
        name = container_name(self.cluster, spec.name)
        directory = f"{self.engine.data_root}/nodes/{self.cluster}/{spec.name}"
        with refusals(name):
            machine.create(
                self.engine,
                name,
                hostname=spec.name,
                image=f"{IMAGE}:{spec.image}",
                binds={f"{directory}/{part}": target for part, target in DIRECTORIES.items()},
                labels=spec.labels
                | {
                    LABEL_CLUSTER: self.cluster,
                    LABEL_ID: self.cluster_id,
                    LABEL_MACHINE: spec.name,
                    MACHINE_ZONE: spec.zone,
                    LABEL_RELEASE: spec.image,
                },
                env=spec.env,
                limits=spec.limits,
                network=network_name(self.cluster),
                address=spec.address,
            )
            self.engine.api.start(name)
        self._wait(spec)
        return True

    def revive(self, spec: MachineSpec, container: dict[str, Any]) -> bool:
        """Start a machine that is stopped, and give one its network back that lost it. Returns whether it was needed.

        :raises MachineGoneError: when it has to be made anew.
        """
        name, state = container_name(self.cluster, spec.name), container["State"]
        if state in ("dead", "removing"):
            self.engine.remove(name)
            raise MachineGoneError
        with refusals(name):
            lost = self._reconnect(spec, name, container)
            if state == "paused":
                self.engine.api.unpause(name)
            elif state != "running":
                self._start_again(name)
        if lost or state != "running":
            self._wait(spec)
            return True
        if self._just_started(name):
            # by a run that was killed before the machine was up
            self._wait(spec)
        return False

    def _just_started(self, name: str) -> bool:
        started = datetime.fromisoformat(self.engine.api.inspect_container(name)["State"]["StartedAt"][:19] + "+00:00")
        return datetime.now(UTC) - started < timedelta(seconds=machine.BOOT_TIMEOUT)

    def _reconnect(self, spec: MachineSpec, name: str, container: dict[str, Any]) -> bool:
        network = network_name(self.cluster)
        endpoint = container["NetworkSettings"]["Networks"].get(network)
        if endpoint is None:
            self.engine.api.connect_container_to_network(name, network, ipv4_address=spec.address)
            return True
        if address_of(endpoint) != spec.address:
            raise CskError(
                Problem(
                    f"machine {name}",
                    f"it has the address {address_of(endpoint)}, not {spec.address}.",
                    "a machine's address can't be changed.",
                    "remove this machine, then run create again.",
                )
            )
        return False

    def _start_again(self, name: str) -> None:
        import docker

        try:
            self.engine.api.start(name)
        except docker.errors.APIError as err:
            if "bind source path does not exist" not in str(err):
                raise
            # somebody removed its directory; without it nothing of the machine is left
            self.engine.remove(name)
            raise MachineGoneError from err

    def _wait(self, spec: MachineSpec) -> None:
        machine.wait(self.engine, container_name(self.cluster, spec.name), UNIT)
        self.up(spec.name)


def collect(jobs: dict[str, Future[bool]]) -> list[str]:
    """The names whose job changed something; the problems of all of them, if there are any."""
    touched: list[str] = []
    problems: list[Problem] = []
    for name, job in jobs.items():
        try:
            if job.result():
                touched.append(name)
        except CskError as err:
            problems += err.problems
    if problems:
        raise CskError(problems)
    return sorted(touched)


@contextmanager
def refusals(name: str) -> Iterator[None]:
    """The Engine's refusals, told as a problem of the machine."""
    import docker

    try:
        yield
    except docker.errors.APIError as err:
        raise CskError(
            Problem(
                f"machine {name}",
                f"the Engine refuses it: {err.explanation}",
                "the Engine must be able to make and start the container.",
                "look at the message; then run the same again.",
            )
        ) from err
