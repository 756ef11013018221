# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node runs pods."""

from __future__ import annotations

from collections.abc import Callable

from ..context.waiting import wait
from ..core.models import Machine
from ..kube.cluster_api import ClusterApi


def probe_faults(
    api: ClusterApi, machine: Machine, image: str, seconds: float, say: Callable[[str], None]
) -> list[str]:
    """Why a pod can't be run on a node; it is run to see that, and goes."""
    api.put_probe(machine.name, image)
    try:
        return wait(lambda: list(filter(None, [api.probe_fault(machine.name)])), seconds, say)
    finally:
        api.delete_probe(machine.name)
