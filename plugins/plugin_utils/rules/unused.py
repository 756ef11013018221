# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What never was Ready: nothing is immutable there, and nothing can be lost. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import Problem
from ..core.models import Cluster, Machine
from ..core.names import ADDONS
from ..core.observed import Observed


def unused(cluster: Cluster, machines: Sequence[Machine], observed: Observed) -> list[Machine]:
    """The workers that never were Ready Nodes.

    The ledger knows it at the end of a run only, so the Nodes are asked too; while the API of a cluster doesn't answer
    that was ready once, none is known to be unused.
    """
    if cluster.was_ready and not observed.reachable:
        return []
    ready = {name for name, node in observed.nodes.items() if node.ready}
    return [m for m in machines if m.role == "worker" and m.status == "new" and m.name not in ready and not m.replaces]


def is_well(masters: Sequence[Machine], observed: Observed) -> bool:
    """Whether masters make a cluster to work on, whatever the ledger says: all are Ready, and the add-ons available."""
    ready = {name for name, node in observed.nodes.items() if node.ready}
    return {machine.name for machine in masters} <= ready and all(observed.addons.get(name) for name in ADDONS)


def anew(problems: Sequence[Problem], machines: Sequence[Machine], never: Sequence[Machine]) -> bool:
    """Whether a pool's immutable settings may change, and all of its workers are made anew.

    :param problems: the settings that would change.
    :param machines: the pool's, and ``never`` those of them that never were Ready.
    """
    return bool(problems) and all(machine in never for machine in machines)


def keys(problems: Sequence[Problem]) -> str:
    """The settings that problems are about, for people: ``pod_cidr, masters``."""
    return ", ".join(dict.fromkeys(problem.where.rpartition(".")[2] for problem in problems))
