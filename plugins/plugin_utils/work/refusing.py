# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that nothing else may work on before something is finished."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import CskError, Problem
from ..core.models import Cluster


def refuse_restoring(cluster: Cluster) -> None:
    """Refuse to work on a cluster whose old masters may still live while it is made anew.

    :raises CskError: where it is so.
    """
    if cluster.status == "restoring":
        what = f"{cluster.name} is being restored, and its old masters may still live."
        fix = f"run the playbook csk.kubernetes.restore again, with csk_snapshot={cluster.restore_from}."
        raise CskError(Problem("csk_cluster.name", what, "old masters are gone before new ones start.", fix))


def refuse_unfinished(cluster: Cluster, repairing: bool = False) -> None:
    """Refuse to work on a cluster whose deletion, restoration or upgrade was begun.

    :param repairing: whether a master is lost, without which an upgrade can't go on.
    :raises CskError: where it was.
    """
    if cluster.status == "deleting":
        rule = "a deletion that was begun is finished."
        fix = "run the playbook csk.kubernetes.delete, then create it."
        raise CskError(Problem("csk_cluster.name", f"{cluster.name} is being deleted.", rule, fix))
    refuse_restoring(cluster)
    if cluster.upgrade_to and not repairing:
        what = f"an upgrade of {cluster.name} to {cluster.upgrade_to} is under way."
        fix = f"run the playbook csk.kubernetes.upgrade with csk_upgrade_to={cluster.upgrade_to} first."
        raise CskError(Problem("csk_cluster.name", what, "an upgrade that was begun is finished.", fix))


def unfinished_pool_problems(cluster: Cluster, changes: Sequence[str], where: str) -> list[Problem]:
    """Why a pool can't be changed: an upgrade is under way."""
    if not cluster.upgrade_to or not changes:
        return []
    fix = f"let the pool be as it was until the upgrade to {cluster.upgrade_to} is finished."
    return [Problem(where, f"would change: {' '.join(changes)}", "no pool changes while an upgrade is under way.", fix)]
