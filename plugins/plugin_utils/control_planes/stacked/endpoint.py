# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters' place behind the endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.models import Machine
from ...core.observed import Live


def api_address(masters: Sequence[Machine], live: Live) -> str:
    """A master whose API server is ready; while the cluster is being created, the one that is first to be."""
    ready = [m.address for m in masters if (node := live.observed.nodes.get(m.name)) and node.ready and node.kubelet]
    return (ready or [masters[0].address])[0]
