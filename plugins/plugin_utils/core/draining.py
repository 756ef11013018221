# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How nodes are emptied, and what keeps one from being emptied."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drain:
    """How nodes are emptied.

    :param timeout: for all of it, in seconds.
    :param grace_period: what pods get to end, in seconds; None: what each one asks for.
    :param force: also evict pods that no controller will make again.
    :param delete_emptydir_data: also evict pods with emptyDir volumes, whose data are lost.
    """

    timeout: int
    grace_period: int | None
    force: bool
    delete_emptydir_data: bool


@dataclass(frozen=True)
class Returned:
    """A pod (``namespace/name``) that came to a node after it was cordoned, and why it could."""

    node: str
    pod: str
    why: str

    def __str__(self) -> str:
        return f"{self.node}: pod {self.pod} came to it while it was emptied, and isn't waited for: {self.why}."


@dataclass(frozen=True)
class Obstacle:
    """What keeps a node from being emptied: a pod (``namespace/name``), why, and what a person can do."""

    node: str
    pod: str
    why: str
    fix: str
