# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider ``csk_test.machines.wrapped``: containers that csk's own provider makes, and that are this one's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import Capacity, MachineSpec, MachineState
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import Progress, Provider
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.names import LABEL_CLUSTER, LABEL_ID
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider

LABEL = "csk.dev/wrapped"


class WrappedProvider(Provider):
    """Containers with a label of their own; every one without it is somebody else's."""

    traits = replace(ContainerProvider.traits, bakes_images=False)
    options = ContainerProvider.options
    at_once = ContainerProvider.at_once

    def __init__(self, artifacts: Path, **options: Any) -> None:
        self.inner = ContainerProvider(artifacts, **options)

    def check(self, release: str, machines: int) -> list[Problem]:
        """As the containers' provider has it; so below."""
        return self.inner.check(release, machines)

    def capacity(self) -> Capacity:
        """What the Engine's host has."""
        return self.inner.capacity()

    def networks(self) -> list[str]:
        """What the Engine's host has."""
        return self.inner.networks()

    def nameservers(self) -> list[str]:
        """What the Engine's host has."""
        return self.inner.nameservers()

    def mtu(self) -> int:
        """That of the Engine's host."""
        return self.inner.mtu()

    def ensure_network(self, cluster: str, cluster_id: str, cidr: str) -> bool:
        """The cluster's network, which the other machines have too."""
        return self.inner.ensure_network(cluster, cluster_id, cidr)

    def create(
        self, cluster: str, cluster_id: str, machines: Sequence[MachineSpec], progress: Progress | None = None
    ) -> list[str]:
        """Make or start machines, with the label."""
        marked = [replace(spec, labels=spec.labels | {LABEL: "true"}) for spec in machines]
        return self.inner.create(cluster, cluster_id, marked, progress)

    def deliver(self, cluster: str, names: Sequence[str], release: str | None) -> str:
        """Give machines a release's artifacts."""
        return self.inner.deliver(cluster, names, release)

    def stop(self, cluster: str, names: Sequence[str]) -> None:
        """Stop machines that have the label."""
        self.inner.stop(cluster, [state.name for state in self.list(cluster) if state.name in names])

    def delete(self, cluster: str, names: Sequence[str] | None = None, cluster_id: str | None = None) -> list[str]:
        """Remove what has the label, and what a killed creation left of the named; the network goes with the last."""
        others = {state.name for state in self.inner.list(cluster) if not _is_ours(state)}
        mine = [state.name for state in self.list(cluster)] if names is None else list(names)
        mine = [name for name in mine if name not in others]
        removed = self.inner.delete(cluster, mine, cluster_id) if mine else []
        return removed + (self.inner.delete(cluster, None, cluster_id) if names is None and not others else [])

    def list(self, cluster: str | None = None) -> list[MachineState]:
        """The machines with the label."""
        return [state for state in self.inner.list(cluster) if _is_ours(state)]

    def clusters(self) -> dict[str, str]:
        """The clusters that have machines with the label."""
        return {state.labels[LABEL_CLUSTER]: state.labels.get(LABEL_ID, "") for state in self.list()}

    def console(self, cluster: str, name: str) -> dict[str, Any]:
        """The way into a container."""
        return self.inner.console(cluster, name)

    def try_out(self, release: str, script: str) -> str:
        """Run a script with a release's programs."""
        return self.inner.try_out(release, script)

    def logs(self, cluster: str, name: str, lines: int = 50) -> str:
        """The end of the machine's journal."""
        return self.inner.logs(cluster, name, lines)


def _is_ours(state: MachineState) -> bool:
    return LABEL in state.labels


PROVIDER = WrappedProvider
