# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots of etcd stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ..core.errors import Problem

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True)
class Taken:
    """A whole snapshot of a cluster.

    :param name: of its file; names sort by time.
    :param label: whoever took it gave it that.
    :param attempt: of which upgrade it was taken before: ``1.36.3 1.37.2``; empty for one that somebody asked for.
    :param well: whether no machine of the cluster was being changed.
    """

    name: str
    label: str = ""
    attempt: str = ""
    well: bool = True


def superseded(taken: Sequence[Taken], kept: int) -> list[str]:
    """Which of a cluster's snapshots go.

    Those of each label are a series of their own, and so are those of upgrades, so that none of them pushes out what
    somebody took on purpose. Attempts at the same upgrade count as one: the first stays, which is what was there before
    anything was tried, and the last. The last one of a cluster that was well always stays.

    :param kept: how many of each series stay.
    """
    series: dict[tuple[bool, str], list[Taken]] = {}
    for one in sorted(taken, key=lambda one: one.name):
        series.setdefault((bool(one.attempt), one.label), []).append(one)
    staying: set[str] = set()
    for mine in series.values():
        attempts = [
            list(group) for _key, group in groupby(mine, key=lambda one: (one.attempt, "" if one.attempt else one.name))
        ]
        for group in attempts[-kept:]:
            staying |= {group[0].name, group[-1].name}
    well = [one.name for one in taken if one.well]
    if well and not staying & set(well):
        staying.add(max(well))
    return sorted(one.name for one in taken if one.name not in staying)


def kept_problem(kept: Any) -> Problem | None:
    """What is wrong with how many snapshots stay, as a number or as text.

    The value comes from csk_snapshots_kept, or from the module's option.
    """
    text = str(kept).strip()
    if text.isdecimal() and int(text):
        return None
    fix = "write 1 or more, or leave it out."
    return Problem("csk_snapshots_kept", f"is {text}.", "the snapshot that is taken stays.", fix)


def label_problem(label: str) -> Problem | None:
    """What is wrong with a label."""
    if not label or _LABEL.fullmatch(label):
        return None
    rule = "a label has up to 63 letters, digits, dots, hyphens and underscores, and starts with a letter or a digit."
    return Problem("csk_snapshot_label", f"is {label!r}.", rule, "write it like before-migration.")
