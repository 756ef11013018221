# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's machines as somebody on the Engine's host sees them, who breaks them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .kube import until

MASTERS = ("master-1", "master-2", "master-3")


@dataclass(frozen=True)
class Machines:
    """The containers of one cluster."""

    cluster: str

    @cached_property
    def api(self) -> Any:
        """The Engine's API."""
        import docker

        return docker.APIClient(timeout=120, version="auto")

    def __call__(self, node: str, *command: str, check: bool = True) -> str:
        """Run a command on a node, which must succeed, and return both its outputs."""
        made = self.api.exec_create(f"{self.cluster}.{node}", list(command))
        text = self.api.exec_start(made["Id"]).decode(errors="replace")
        code = self.api.exec_inspect(made["Id"])["ExitCode"]
        assert code == 0 or not check, f"{node}: {' '.join(command)}: {code}\n{text}"
        return text

    def state(self, node: str) -> tuple[str, str]:
        """What changes when a machine is made anew or started again."""
        seen = self.api.inspect_container(f"{self.cluster}.{node}")
        return seen["Id"], seen["State"]["StartedAt"]

    def states(self) -> dict[str, tuple[str, str]]:
        """``state`` of all machines."""
        return {name: self.state(name) for name in self.names()}

    def names(self) -> list[str]:
        """The machines' names."""
        found = self.api.containers(all=True, filters={"label": f"csk.dev/cluster={self.cluster}"})
        return sorted(item["Names"][0].removeprefix(f"/{self.cluster}.") for item in found)

    def kill(self, node: str) -> None:
        """Let a machine lose its power."""
        self.api.kill(f"{self.cluster}.{node}")

    def remove(self, node: str) -> None:
        """Take a machine away, with its data."""
        from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import Engine

        self.api.remove_container(f"{self.cluster}.{node}", force=True, v=True)
        Engine().helper(f"rm -rf /data/nodes/{self.cluster}/{node}", [])

    def lose_etcd(self, node: str) -> None:
        """Stop a master, empty its etcd's directory, and start it again."""
        from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import Engine

        self.api.stop(f"{self.cluster}.{node}", timeout=30)
        Engine().helper(f"rm -rf /data/nodes/{self.cluster}/{node}/etcd/*", [])
        self.api.start(f"{self.cluster}.{node}")

    def address(self, node: str) -> str:
        """A machine's address."""
        networks = self.api.inspect_container(f"{self.cluster}.{node}")["NetworkSettings"]["Networks"]
        (network,) = networks.values()
        return network["IPAMConfig"]["IPv4Address"]

    def disconnect(self, node: str) -> None:
        """Pull a machine's network cable."""
        self.api.disconnect_container_from_network(f"{self.cluster}.{node}", f"csk-{self.cluster}", force=True)

    def connect(self, node: str, address: str) -> None:
        """Put the cable back."""
        self.api.connect_container_to_network(f"{self.cluster}.{node}", f"csk-{self.cluster}", ipv4_address=address)

    def holder(self, endpoint: str, without: str = "") -> str:
        """The master that has the endpoint's address, once one has it."""
        masters = [name for name in MASTERS if name != without]
        return until(lambda: next((n for n in masters if self._has(n, endpoint)), None), 30)

    def _has(self, node: str, address: str) -> bool:
        return f" {address}/" in self(node, "ip", "-4", "-oneline", "address", check=False)

    def left(self) -> list[str]:
        """Everything that the Engine's host has of the cluster."""
        from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import Engine

        label = {"label": [f"csk.dev/cluster={self.cluster}"]}
        found = [item["Names"][0] for item in self.api.containers(all=True, filters=label)]
        found += [item["Name"] for item in self.api.networks(filters=label)]
        found += [item["Name"] for item in self.api.networks(names=[f"csk-{self.cluster}"])]
        found += [item["Name"] for item in self.api.volumes(filters=label)["Volumes"] or []]
        listed = Engine().helper("ls /data/nodes 2> /dev/null || :", [])
        return found + [name for name in str(listed).split() if name == self.cluster]
