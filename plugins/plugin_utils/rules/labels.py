# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels of a Node."""

from __future__ import annotations

from ..core.models import Machine, Pool
from ..core.names import ADDED_FORMAT, ADDED_LABEL, NODEPOOL_LABEL, ORIGIN_LABEL, ZONE_LABEL


def node_labels(machine: Machine, pool: Pool | None) -> dict[str, str]:
    """The labels that csk keeps on a Node."""
    labels = {
        ORIGIN_LABEL: machine.origin,
        ADDED_LABEL: machine.added_at.strftime(ADDED_FORMAT),
        ZONE_LABEL: machine.zone,
    }
    if pool is not None:
        labels |= {NODEPOOL_LABEL: pool.name, **pool.spec["labels"]}
    return labels
