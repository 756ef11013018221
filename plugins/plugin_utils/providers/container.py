# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider ``container``: machines are containers of a local Docker Engine."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers import machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import (
    MachineSpec,
    MachineState,
    Progress,
    Provider,
)
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.engine import LABEL_RELEASE, Engine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.store import IMAGE, Store, missing_image

LABEL_CLUSTER = "csk.dev/cluster"
LABEL_ID = "csk.dev/cluster-id"
LABEL_MACHINE = "csk.dev/machine"
LABEL_ZONE = "csk.dev/zone"
# Bytes that one machine takes of the Engine's host: logs, etcd and images' writable layers; and an idle node's memory.
DISK_PER_MACHINE = 1 << 30
MEMORY_PER_MACHINE = 350 << 20
# What a machine's data directory holds, and where the machine sees it: none of it may lie on the container's overlay.
DIRECTORIES = {"containerd": "/var/lib/containerd", "kubelet": "/var/lib/kubelet", "etcd": "/var/lib/etcd"}
# The unit that says that a machine is up.
UNIT = "containerd"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


class ContainerProvider(Provider):
    """Containers of the local Docker Engine.

    :param artifacts: the controller's directory of releases, for a store that must be made anew.
    :param data_root: the directory on the Engine's host for the store and the machines' data.
    """

    def __init__(self, artifacts: str | Path, data_root: str = "/var/lib/csk", docker_host: str | None = None) -> None:
        self.engine = Engine(data_root, docker_host)
        self.store = Store(self.engine, Path(artifacts))

    def check(self, release: str, machines: int) -> list[Problem]:
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

    def networks(self) -> list[str]:
        used = list(self.engine.host.routes)
        for network in self.engine.api.networks():
            used += [
                config["Subnet"] for config in (network.get("IPAM") or {}).get("Config") or [] if config.get("Subnet")
            ]
        return list(dict.fromkeys(cidr for cidr in used if ":" not in cidr))

    def nameservers(self) -> list[str]:
        return list(self.engine.host.nameservers)

    def mtu(self) -> int:
        return self.engine.host.mtu

    def ensure_network(self, cluster: str, cluster_id: str, cidr: str) -> bool:
        import docker

        _check_names(cluster)
        name = network_name(cluster)
        for network in self.engine.api.networks(names=[name]):
            if network["Name"] != name:
                continue
            _check_id(f"network {name}", cluster, network.get("Labels") or {}, cluster_id)
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
        began = time.monotonic()
        _check_names(cluster, *(spec.name for spec in machines))
        there = self._containers(cluster)
        for container in there.values():
            _check_id(f"machine {container['Names'][0].strip('/')}", cluster, container["Labels"], cluster_id)
        wanted = {spec.name: spec for spec in machines}
        touched: list[str] = []
        problems: list[Problem] = []

        def up(spec: MachineSpec) -> None:
            machine.wait(self.engine, container_name(cluster, spec.name), UNIT)
            if progress:
                progress(spec.name, time.monotonic() - began)

        def make(spec: MachineSpec) -> None:
            self._make(cluster, cluster_id, spec)
            up(spec)

        anew = [spec.name for spec in machines if spec.name not in there]
        for name in set(wanted) & set(there):
            if there[name]["State"] in ("dead", "removing"):
                machine.remove(self.engine, there[name]["Id"])
                anew.append(name)
        with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
            jobs: dict[Future[bool], str] = {}
            for name in set(wanted) & set(there) - set(anew):
                jobs[pool.submit(self._revive, cluster, wanted[name], there[name], up)] = name
            for job, name in jobs.items():
                try:
                    if job.result():
                        touched.append(name)
                except DirectoryGone:
                    anew.append(name)
                except CskError as err:
                    problems += err.problems
            makers: dict[str, Future[None]] = {}
            if anew:
                self.store.copy(
                    wanted[anew[0]].image,
                    cluster,
                    cluster_id,
                    anew,
                    lambda name: makers.update({name: pool.submit(make, wanted[name])}),
                )
            for name, made in makers.items():
                try:
                    made.result()
                    touched.append(name)
                except CskError as err:
                    problems += err.problems
        if problems:
            raise CskError(problems)
        return sorted(touched)

    def _make(self, cluster: str, cluster_id: str, spec: MachineSpec) -> None:
        """Create and start a machine whose directories are there."""
        import docker

        name = container_name(cluster, spec.name)
        labels = spec.labels | {
            LABEL_CLUSTER: cluster,
            LABEL_ID: cluster_id,
            LABEL_MACHINE: spec.name,
            LABEL_ZONE: spec.zone,
            LABEL_RELEASE: spec.image,
        }
        directory = f"{self.engine.data_root}/nodes/{cluster}/{spec.name}"
        try:
            machine.create(
                self.engine,
                name,
                hostname=spec.name,
                image=f"{IMAGE}:{spec.image}",
                binds={f"{directory}/{part}": target for part, target in DIRECTORIES.items()},
                labels=labels,
                env=spec.env,
                limits=spec.limits,
                network=network_name(cluster),
                address=spec.address,
            )
            machine.start(self.engine, name)
        except docker.errors.APIError as err:
            raise CskError(
                Problem(
                    f"machine {name}",
                    f"the Engine refuses it: {err.explanation}.",
                    "",
                    "look at the message, then try again.",
                )
            ) from err

    def _revive(self, cluster: str, spec: MachineSpec, container: dict[str, Any], up: Any) -> bool:
        """Start a machine that is stopped, and give one its network back that lost it. Returns whether it was needed."""
        import docker

        name = container_name(cluster, spec.name)
        changed = False
        endpoint = container["NetworkSettings"]["Networks"].get(network_name(cluster))
        if endpoint is None:
            self.engine.api.connect_container_to_network(name, network_name(cluster), ipv4_address=spec.address)
            changed = True
        elif _address(endpoint) != spec.address:
            raise CskError(
                Problem(
                    f"machine {name}",
                    f"it has the address {_address(endpoint)}, not {spec.address}.",
                    "a machine's address can't be changed.",
                    "remove this machine, then run create again.",
                )
            )
        if container["State"] == "paused":
            self.engine.api.unpause(name)
            changed = True
        elif container["State"] != "running":
            try:
                machine.start(self.engine, name)
            except docker.errors.APIError as err:
                if "bind source path does not exist" not in str(err):
                    raise
                machine.remove(self.engine, name)
                raise DirectoryGone from err
            changed = True
        if changed:
            up(spec)
        return changed

    def delete(self, cluster: str, names: Sequence[str] | None = None, cluster_id: str | None = None) -> list[str]:
        _check_names(cluster, *(names or []))
        there = self._containers(cluster)
        going = {name: container for name, container in there.items() if names is None or name in names}
        networks = [] if names is not None else self._networks(cluster)
        for what, labels in [(f"machine {name}", item["Labels"]) for name, item in going.items()] + [
            (f"network {item['Name']}", item["Labels"]) for item in networks
        ]:
            if cluster_id:
                _check_id(what, cluster, labels, cluster_id)
        with ThreadPoolExecutor(max_workers=max(1, len(going))) as pool:
            list(pool.map(lambda container: machine.remove(self.engine, container["Id"]), going.values()))
        removed = sorted(going)
        for network in networks:
            self._remove_network(network["Id"])
            removed.append(network["Name"])
        if names is None or going:
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
        states = []
        for name, container in self._containers(cluster).items():
            labels = container["Labels"]
            endpoint = container["NetworkSettings"]["Networks"].get(network_name(labels[LABEL_CLUSTER])) or {}
            states.append(
                MachineState(
                    name=labels[LABEL_MACHINE] if cluster else name,
                    address=_address(endpoint),
                    status="running" if container["State"] == "running" else "stopped",
                    labels=labels,
                    created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(container["Created"])),
                )
            )
        return sorted(states, key=lambda state: state.name)

    def clusters(self) -> dict[str, str]:
        found = [container["Labels"] for container in self._containers(None).values()]
        found += [network["Labels"] for network in self._networks(None)]
        return {labels[LABEL_CLUSTER]: labels.get(LABEL_ID, "") for labels in found}

    def console(self, cluster: str, name: str) -> dict[str, str]:
        return connection(container_name(cluster, name))

    def logs(self, cluster: str, name: str, lines: int = 50) -> str:
        return machine.logs(self.engine, container_name(cluster, name), None, lines)

    def _containers(self, cluster: str | None) -> dict[str, dict[str, Any]]:
        """Containers by the machine's name (of all clusters: by the container's name)."""
        label = f"{LABEL_CLUSTER}={cluster}" if cluster else LABEL_CLUSTER
        found = self.engine.api.containers(all=True, filters={"label": [label, LABEL_MACHINE]})
        key = (lambda item: item["Labels"][LABEL_MACHINE]) if cluster else (lambda item: item["Names"][0].strip("/"))
        return {key(item): item for item in found}

    def _networks(self, cluster: str | None) -> list[dict[str, Any]]:
        label = f"{LABEL_CLUSTER}={cluster}" if cluster else LABEL_CLUSTER
        return self.engine.api.networks(filters={"label": [label]})


class DirectoryGone(Exception):
    """A machine's container is there, its directory isn't."""


def container_name(cluster: str, name: str) -> str:
    """The name of a machine's container."""
    return f"{cluster}.{name}"


def network_name(cluster: str) -> str:
    """The name of a cluster's network."""
    return f"csk-{cluster}"


def connection(container: str) -> dict[str, str]:
    """Ansible's connection variables for a container of the local Engine."""
    return {
        "ansible_connection": "community.docker.docker_api",
        "ansible_host": container,
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def _address(endpoint: dict[str, Any]) -> str:
    return (endpoint.get("IPAMConfig") or {}).get("IPv4Address") or endpoint.get("IPAddress") or ""


def _check_names(*names: str) -> None:
    """Names become paths and container names: nothing but DNS labels gets through."""
    for name in names:
        if len(name) > 63 or not _NAME.fullmatch(name):
            raise CskError(
                Problem(
                    f"name {name!r}",
                    "it isn't a DNS label.",
                    "a-z, 0-9 and -, at most 63 characters.",
                    "choose another name.",
                )
            )


def _check_id(what: str, cluster: str, labels: dict[str, str], cluster_id: str) -> None:
    if labels.get(LABEL_ID) != cluster_id:
        raise CskError(
            Problem(
                what,
                f"it belongs to another cluster {cluster}, id {labels.get(LABEL_ID)} (wanted: {cluster_id}).",
                "two clusters on one Engine have two names.",
                "choose another name, or delete that cluster from where it was made.",
            )
        )
