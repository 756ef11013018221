# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider ``container``: machines are containers of a local Docker Engine."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from ...core.errors import CskError, Problem
from ...core.machines import Capacity, MachinesLostError, MachineSpec, MachineState
from ...core.traits import Traits
from ..base import BaseTree, NodeImages, Progress, Provider
from . import machine
from .engine import DATA_ROOT, Engine
from .image import NodeImage
from .making import DIRECTORIES, MachineGoneError, Maker, collect
from .names import (
    LABEL_CLUSTER,
    LABEL_ID,
    LABEL_MACHINE,
    address_of,
    check_id,
    check_names,
    container_name,
    network_name,
)
from .store import DELIVERED, DELIVERED_IN, IMAGE, Store, missing_image
from .where import connection

# Bytes that one machine takes of the Engine's host: logs, etcd and images' writable layers; and an idle node's memory.
DISK_PER_MACHINE = 1 << 30
MEMORY_PER_MACHINE = 350 << 20
_PATH = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+")


class ContainerProvider(Provider):
    """Containers of the local Docker Engine.

    :param artifacts: the controller's directory of releases, for a store that must be made anew.
    :param data_root: the directory on the Engine's host for the store and the machines' data.
    """

    traits = Traits(
        kernel="shared",
        makes_machines=True,
        stops_provably=True,
        gives_addresses=True,
        shares_disk=True,
        bakes_images=True,
        has_console=True,
    )
    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {"data_root": {"type": "str", "default": DATA_ROOT}}
    at_once = 1  # etcd waits for the disk that others fill

    def __init__(self, artifacts: str | Path, data_root: str = DATA_ROOT) -> None:
        self.engine = Engine(data_root)
        self.store = Store(self.engine, Path(artifacts))

    @classmethod
    def option_problems(cls, options: Mapping[str, Any], where: str) -> list[Problem]:
        """The data root becomes a part of commands and mounts; see Provider."""
        root = str(options["data_root"])
        if _PATH.fullmatch(root):
            return []
        what, rule = f"{root!r} is refused.", "it is an absolute path of letters, digits, dots, hyphens and underlines."
        return [Problem(f"{where}.data_root", what, rule, "write it like /var/lib/csk.")]

    def check(self, release: str, machines: int) -> list[Problem]:
        """Whether more machines can be made here; see Provider."""
        problems = self.engine.problems()
        if problems:
            return problems
        if not self.engine.image(f"{IMAGE}:{release}"):
            problems.append(missing_image(release))
        host = self.engine.host
        for what, there, each in (
            (f"disk at {self.engine.data_root}", host.disk_free, DISK_PER_MACHINE),
            ("memory", host.memory, MEMORY_PER_MACHINE),
        ):
            if there < machines * each:
                problems.append(
                    Problem(
                        "Docker Engine's host",
                        f"too little {what}: {there >> 20} MiB for {machines} machines.",
                        f"a machine takes {each >> 20} MiB.",
                        "free some, or ask for fewer machines.",
                    )
                )
        if not host.bridge_netfilter and (not host.modules or "SYS_MODULE" in host.missing):
            problems.append(
                Problem(
                    "Docker Engine's host",
                    "its kernel hasn't loaded br_netfilter, and nodes can't load it.",
                    "a pod reaches a service on its own node only where bridged packets pass the node's rules.",
                    "load it on the host, also at its next boot: modprobe br_netfilter; "
                    "echo br_netfilter > /etc/modules-load.d/csk.conf",
                )
            )
        if "SYS_ADMIN" in host.missing or "NET_ADMIN" in host.missing:
            problems.append(
                Problem(
                    "Docker Engine",
                    f"it lacks the capabilities {', '.join(host.missing)}.",
                    "nodes mount file systems and set up networks.",
                    "run the Engine with them.",
                )
            )
        return problems

    def capacity(self) -> Capacity:
        """What the Engine's host has."""
        return Capacity(self.engine.host.cpus, self.engine.host.memory, self.engine.host.disk_free)

    def networks(self) -> list[str]:
        """The host's routes and the Engine's networks."""
        used = list(self.engine.host.routes)
        for network in self.engine.api.networks():
            used += [
                config["Subnet"] for config in (network.get("IPAM") or {}).get("Config") or [] if config.get("Subnet")
            ]
        return list(dict.fromkeys(cidr for cidr in used if ":" not in cidr))

    def nameservers(self) -> list[str]:
        """The host's nameservers but loopback ones."""
        return list(self.engine.host.nameservers)

    def mtu(self) -> int:
        """The MTU of the host's way out."""
        return self.engine.host.mtu

    def ensure_network(self, cluster: str, cluster_id: str, cidr: str) -> bool:
        """Make the cluster's bridge network; see Provider."""
        import docker

        check_names(cluster)
        name = network_name(cluster)
        for network in self.engine.api.networks(names=[name]):
            if network["Name"] != name:
                continue
            check_id(f"network {name}", cluster, network.get("Labels") or {}, cluster_id)
            subnets = [config["Subnet"] for config in network["IPAM"]["Config"]]
            if subnets != [cidr]:
                raise CskError(
                    Problem(
                        f"network {name}",
                        f"it has {', '.join(subnets)}, not {cidr}.",
                        "a cluster's network can't be changed.",
                        "delete the cluster, or give it its network back.",
                    )
                )
            return False
        try:
            self.engine.api.create_network(
                name,
                driver="bridge",
                ipam={"Driver": "default", "Config": [{"Subnet": cidr, "Gateway": str(ipaddress.ip_network(cidr)[1])}]},
                options={"com.docker.network.driver.mtu": str(self.mtu())},
                labels={LABEL_CLUSTER: cluster, LABEL_ID: cluster_id},
                check_duplicate=True,
            )
        except docker.errors.APIError as err:
            raise CskError(
                Problem(
                    f"network {name}",
                    f"{err.explanation}.",
                    f"{cidr} must be free on the Engine's host.",
                    "choose another one.",
                )
            ) from err
        return True

    def create(
        self, cluster: str, cluster_id: str, machines: Sequence[MachineSpec], progress: Progress | None = None
    ) -> list[str]:
        """Make or start machines; see Provider."""
        began = time.monotonic()
        check_names(cluster, *(spec.name for spec in machines))
        there = self._containers(cluster)
        for name, container in there.items():
            check_id(f"machine {container_name(cluster, name)}", cluster, container["Labels"], cluster_id)
        work = Maker(
            self.engine, cluster, cluster_id, lambda name: progress and progress(name, time.monotonic() - began)
        )
        with ThreadPoolExecutor(max_workers=max(1, len(machines))) as pool:
            known = {
                spec.name: pool.submit(work.revive, spec, there[spec.name]) for spec in machines if spec.name in there
            }
            gone = {name for name, job in known.items() if isinstance(job.exception(), MachineGoneError)}
            lost = [spec.name for spec in machines if spec.name in gone and spec.keep_data]
            if lost:
                raise MachinesLostError(
                    Problem(
                        f"machines {', '.join(sorted(lost))} of {cluster}",
                        "their data are gone.",
                        "a machine that must keep its data isn't made anew by itself.",
                        "run the playbook again; it replaces them.",
                    )
                )
            anew = {spec.name: spec for spec in machines if spec.name not in there or spec.name in gone}
            makers: dict[str, Future[bool]] = {}
            for release in sorted({spec.image for spec in anew.values()}):
                names = [name for name, spec in anew.items() if spec.image == release]
                # each machine is made as soon as its directories are there
                self.store.copy(
                    release,
                    cluster,
                    cluster_id,
                    names,
                    lambda name: makers.update({name: pool.submit(work.make, anew[name])}),
                )
        return collect({name: job for name, job in known.items() if name not in gone} | makers)

    def deliver(self, cluster: str, names: Sequence[str], release: str | None) -> str:
        """Put a release's artifacts into the machines' data directories; see Provider."""
        check_names(cluster, *names)
        if release:
            self.store.deliver(release, cluster, names)
        else:
            self.store.take_back(cluster, names)
        return f"{DIRECTORIES[DELIVERED_IN]}/{DELIVERED}"

    def stop(self, cluster: str, names: Sequence[str]) -> None:
        """Kill machines, and see that nothing of them runs; see Provider."""
        check_names(cluster, *names)
        there = [container["Id"] for name, container in self._containers(cluster).items() if name in names]
        with ThreadPoolExecutor(max_workers=max(1, len(there))) as pool:
            list(pool.map(self.engine.kill, there))

    def delete(self, cluster: str, names: Sequence[str] | None = None, cluster_id: str | None = None) -> list[str]:
        """Remove machines, or all of a cluster; see Provider."""
        check_names(cluster, *(names or []))
        there = self._containers(cluster)
        going = {name: container for name, container in there.items() if names is None or name in names}
        networks = [] if names is not None else self._networks(cluster)
        for what, labels in [(f"machine {name}", item["Labels"]) for name, item in going.items()] + [
            (f"network {item['Name']}", item["Labels"]) for item in networks
        ]:
            if cluster_id:
                check_id(what, cluster, labels, cluster_id)
        with ThreadPoolExecutor(max_workers=max(1, len(going))) as pool:
            list(pool.map(lambda container: self.engine.remove(container["Id"]), going.values()))
        removed = sorted(going)
        for network in networks:
            self._remove_network(network["Id"])
            removed.append(network["Name"])
        self.store.remove(cluster, cluster_id, names)
        return removed

    def _remove_network(self, network_id: str) -> None:
        """Remove a network; what somebody else has attached to it is detached first."""
        import docker

        try:
            for container_id in self.engine.api.inspect_network(network_id).get("Containers") or {}:
                self.engine.api.disconnect_container_from_network(container_id, network_id, force=True)
            self.engine.api.remove_network(network_id)
        except docker.errors.NotFound:
            return

    def list(self, cluster: str | None = None) -> list[MachineState]:
        """The machines of one cluster, or of all (by their containers' names)."""
        states = []
        for name, container in self._containers(cluster).items():
            labels = container["Labels"]
            endpoint = container["NetworkSettings"]["Networks"].get(network_name(labels[LABEL_CLUSTER])) or {}
            states.append(
                MachineState(
                    name=labels[LABEL_MACHINE] if cluster else name,
                    address=address_of(endpoint),
                    # One that runs without its network is of no use to anybody: it is started anew.
                    status="running" if container["State"] == "running" and endpoint else "stopped",
                    labels=labels,
                    created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(container["Created"])),
                )
            )
        return sorted(states, key=lambda state: state.name)

    def clusters(self) -> dict[str, str]:
        """Names and ids by the labels of containers and networks."""
        found = [container["Labels"] for container in self._containers(None).values()]
        found += [network["Labels"] for network in self._networks(None)]
        return {labels[LABEL_CLUSTER]: labels.get(LABEL_ID, "") for labels in found}

    def console(self, cluster: str, name: str) -> dict[str, Any]:
        """Ansible's connection variables for a machine."""
        return connection(container_name(cluster, name))

    def logs(self, cluster: str, name: str, lines: int = 50) -> str:
        """The end of the machine's journal, or of its console."""
        return machine.logs(self.engine, container_name(cluster, name), None, lines)

    def try_out(self, release: str, script: str) -> str:
        """Run a script in a container of the release's image that goes at once; see Provider."""
        if not self.engine.image(f"{IMAGE}:{release}"):
            raise CskError(missing_image(release))
        return machine.try_out(self.engine, f"{IMAGE}:{release}", script)

    def node_images(self, base: BaseTree, roles: Sequence[Path], say: Callable[[str], None]) -> NodeImages:
        """Makes images of the Engine, each with a store of unpacked images; see Provider."""
        if problems := self.engine.problems():
            raise CskError(problems)
        return NodeImage(self.store, base, roles, say)

    def _containers(self, cluster: str | None) -> dict[str, dict[str, Any]]:
        """Containers by the machine's name (of all clusters: by the container's name)."""
        label = f"{LABEL_CLUSTER}={cluster}" if cluster else LABEL_CLUSTER
        found = self.engine.api.containers(all=True, filters={"label": [label, LABEL_MACHINE]})
        key = (lambda item: item["Labels"][LABEL_MACHINE]) if cluster else (lambda item: item["Names"][0].strip("/"))
        return {key(item): item for item in found}

    def _networks(self, cluster: str | None) -> list[dict[str, Any]]:
        label = f"{LABEL_CLUSTER}={cluster}" if cluster else LABEL_CLUSTER
        return self.engine.api.networks(filters={"label": [label]})


PROVIDER = ContainerProvider
