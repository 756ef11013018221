# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node is well with the release that it shall have. Pure functions."""

from __future__ import annotations

from ..core.models import Machine
from ..core.names import UNREACHED
from ..core.observed import Observed


def node_faults(observed: Observed, machine: Machine, version: str) -> list[str]:
    """What is wrong with a Node: it isn't Ready, or its kubelet has another version."""
    node = observed.nodes.get(machine.name)
    if node is None:
        return ["its Node isn't there" if observed.reachable else "the API doesn't answer"]
    if not node.ready:
        return ["its Node isn't Ready"]
    if not node.kubelet:
        return [UNREACHED]
    return [] if node.version == f"v{version}" else [f"its kubelet has {node.version}, not v{version}"]
