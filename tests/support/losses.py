# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A master is lost while somebody writes; nothing that was acknowledged may be lost with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .cluster import TestCluster
from .kube import Writer
from .machines import MASTERS

# The API is back within a few seconds (soak measures them); on a busy machine a test must not fail by that.
PATIENCE = 30


def static_pods(cluster: TestCluster, masters: Sequence[str]) -> dict[str, tuple[str, int]]:
    """What tells that a master's static pods are the same ones, never restarted."""
    pods = cluster.kube.pods("-n", "kube-system", "-l", "tier=control-plane")
    return {
        name: (item["metadata"]["uid"], item["status"]["containerStatuses"][0]["restartCount"])
        for name, item in pods.items()
        if item["spec"]["nodeName"] in masters
    }


def lose(cluster: TestCluster, victim: str, how: Callable[[str], None], prefix: str) -> float:
    """Lose a master while writes go on, and read them all back from each master that remains.

    :returns: the longest time without an acknowledged write, in seconds.
    """
    with Writer(cluster.kube.client(), prefix) as writer:
        how(victim)
        writer.more(20, PATIENCE)
    for master in MASTERS:
        if master != victim:
            server = f"https://{cluster.machines.address(master)}:6443"
            assert writer.lost(cluster.kube.client(server)) == [], master
    return writer.longest
