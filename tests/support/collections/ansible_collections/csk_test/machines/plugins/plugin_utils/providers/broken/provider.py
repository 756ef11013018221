# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider ``csk_test.machines.broken``: its machines look well, and none of them can become a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineSpec
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import Progress
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.names import container_name

from ..wrapped.provider import WrappedProvider

_BREAK = "printf '#!/bin/sh\\necho it is broken >&2\\nexit 1\\n' > /usr/local/bin/kubeadm"


class BrokenProvider(WrappedProvider):
    """Containers whose kubeadm fails."""

    traits = replace(WrappedProvider.traits)

    def create(
        self, cluster: str, cluster_id: str, machines: Sequence[MachineSpec], progress: Progress | None = None
    ) -> list[str]:
        """Make or start machines, and break them."""
        made = super().create(cluster, cluster_id, machines, progress)
        for name in made:
            machine.run(self.inner.engine, container_name(cluster, name), ["sh", "-c", _BREAK])
        return made


PROVIDER = BrokenProvider
