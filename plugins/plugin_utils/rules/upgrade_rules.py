# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version may follow which, from when and until when (design.md §5). Pure functions of catalogue and date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from ..core.errors import CskError, Problem
from .versions import Minor, minor_of, resolve, version_key

MOST_STOPS = 2  # of a path
WAIT_DAYS = 14  # between a minor's release and the first upgrade to it


@dataclass(frozen=True)
class Step:
    """One upgrade, of a patch or to the next minor.

    :param allowed_from: the first day on which it may be done.
    :param allowed_until: the last day: that of the source's validity.
    :param reason: the rule and the dates, where it may not be done on the date that was asked about.
    :param expired: whether only the end of the source's validity is in the way.
    """

    source: str
    target: str
    allowed: bool
    allowed_from: date
    allowed_until: date
    reason: str = ""
    expired: bool = False


@dataclass(frozen=True)
class Upgrade:
    """What stands between two versions.

    :param allowed: whether one upgrade may go from the source to the target on the date.
    :param reason: why not.
    :param steps: the way, one minor at a time; empty where there is none.
    """

    source: str
    target: str
    allowed: bool
    reason: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def expired(self) -> bool:
        """Whether only the end of the source's validity is in the way, which a person may accept."""
        return len(self.steps) == 1 and self.steps[0].expired


def judge(source: str, target: str, minors: dict[str, Minor], today: date) -> Upgrade:
    """Whether a cluster may be upgraded on a date, and by which way.

    :param source: the cluster's exact version.
    :param target: an exact version of the catalogue.
    """
    if target == source:
        return Upgrade(source, target, allowed=False, reason=f"the cluster has {source} already.")
    if version_key(target) < version_key(source):
        reason = f"{target} is older than {source}; Kubernetes and etcd know no way back. A snapshot can be restored."
        return Upgrade(source, target, allowed=False, reason=reason)
    missing = [name for name in _between(source, target) if name not in minors]
    if missing:
        what = " and ".join(missing)
        reason = f"an upgrade goes one minor at a time, and the catalogue doesn't have {what}."
        return Upgrade(source, target, allowed=False, reason=reason)
    way = [source, *(minors[name].newest for name in _between(source, target)[1:-1]), target]
    steps = tuple(_step(*pair, minors, today) for pair in pairwise(way))
    if len(steps) > 1:
        reason = f"an upgrade goes one minor at a time: {' -> '.join(way)}."
        return Upgrade(source, target, allowed=False, reason=reason, steps=steps)
    return Upgrade(source, target, steps[0].allowed, steps[0].reason, steps)


def stops(source: str, target: str, path: Sequence[str], minors: dict[str, Minor], begun: str | None) -> list[str]:
    """The exact versions that an upgrade goes to, one after another; those that were reached already are left out.

    :param source: the cluster's exact version.
    :param target: exact.
    :param path: what a person wrote as the way, minors or exact versions; empty: the target alone.
    :param begun: the exact version that an upgrade is under way to.
    :raises CskError: for a path that isn't one.
    """
    where, rule = (
        "csk_upgrade_options.path",
        f"a path goes upwards and ends with csk_upgrade_to, in {MOST_STOPS} steps.",
    )
    way = [resolve(str(name), minors, where) for name in path] or [target]
    if way != sorted(set(way), key=version_key) or way[-1] != target:
        fix = f"write the versions on the way, for example {_way(source, target)}."
        raise CskError(Problem(where, f"is {', '.join(map(str, path))}.", rule, fix))
    # The masters may have what was begun, and the workers not yet.
    left = [name for name in way if name == begun or version_key(name) > version_key(begun or source)]
    if len(left) > MOST_STOPS:
        raise CskError(Problem(where, f"has {len(left)} steps: {', '.join(left)}.", rule, "go in two runs."))
    return left or [target]


def _way(source: str, target: str) -> str:
    return f"[{', '.join(_between(source, target)[1:]) or target}]"


def targets(source: str, minors: dict[str, Minor], today: date) -> list[Step]:
    """The upgrades that a version has: to its minor's newest patch, and to the next minor's newest one."""
    own = minor_of(source)
    if own not in minors:
        return []
    following = f"1.{version_key(own)[1] + 1}"
    newest = [minors[name].newest for name in (own, following) if name in minors]
    return [_step(source, target, minors, today) for target in newest if version_key(target) > version_key(source)]


def _between(source: str, target: str) -> list[str]:
    """The minors from the source's to the target's, both included."""
    first, last = version_key(source)[1], version_key(target)[1]
    return [f"1.{number}" for number in range(first, last + 1)]


def _step(source: str, target: str, minors: dict[str, Minor], today: date) -> Step:
    old, new = minors[minor_of(source)], minors[minor_of(target)]
    first = new.released + timedelta(days=WAIT_DAYS if new != old else 0)
    reason, expired = "", today > old.valid_until
    if today < first:
        rule = f"; a new minor is upgraded to from {WAIT_DAYS} days on, {first}" if new != old else ""
        reason, expired = f"{new.name} is released on {new.released}{rule}. Today is {today}.", False
    elif expired:
        reason = f"{old.name} was valid until {old.valid_until}; today is {today}. An expired minor isn't upgraded."
    return Step(source, target, not reason, first, old.valid_until, reason, expired)
