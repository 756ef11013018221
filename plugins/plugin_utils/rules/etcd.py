# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which etcd is the cluster's, where masters say different things. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..core.observed import EtcdView

LOST = "its etcd lost its data"  # said by the machine itself: such a member may not answer at all


def cluster_of(views: Mapping[str, EtcdView]) -> str:
    """The ID of the cluster's etcd: that of most masters, and of as many the one with the most members; else empty."""
    counts = Counter(view.cluster for view in views.values())
    sizes = {one: max(len(v.members) for v in views.values() if v.cluster == one) for one in counts}
    ranked = sorted(counts, key=lambda one: (counts[one], sizes[one]), reverse=True)
    if len(ranked) > 1 and (counts[ranked[0]], sizes[ranked[0]]) == (counts[ranked[1]], sizes[ranked[1]]):
        return ""
    return ranked[0] if ranked else ""


def strangers(views: Mapping[str, EtcdView]) -> dict[str, str]:
    """The masters whose etcd isn't the cluster's, each with why; all of them where that can't be told.

    :param views: what each master's etcd says, by the master's name; one that doesn't answer is missing.
    """
    right = cluster_of(views)
    if not right:
        why = "its etcd is the cluster {}; which one is right can't be told"
        return {name: why.format(view.cluster) for name, view in views.items()}
    lists = Counter(view.members for view in views.values() if view.cluster == right)
    members = max(lists, key=lambda one: (lists[one], len(one)), default=frozenset())
    found = {name: _why(view, right, members) for name, view in views.items()}
    return {name: why for name, why in found.items() if why}


def _why(view: EtcdView, right: str, members: frozenset[str]) -> str:
    if view.cluster != right:
        return f"its etcd is another cluster, {view.cluster}, not {right}"
    if view.member not in members:
        return "its etcd isn't a member for the others"
    return "" if view.members == members else "its etcd knows other members than the others"
