# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version catalogue: which versions exist, and what may be done with each on a date (design.md §5).

Everything here is a pure function of the catalogue and of a date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ..core.errors import CskError, Problem

CREATABLE = 2  # how many of the newest minors may be created
WARN_DAYS = 60  # ahead of the end of a version or a certificate
SUPPORTED = 4  # how many of the newest minors are operated

_EXACT = re.compile(r"1\.[0-9]+\.[0-9]+")
_VERSION = re.compile(r"1\.([0-9]+)(?:\.([0-9]+))?")
_API = re.compile(r"[a-z0-9.-]+/v[0-9a-z]+/[a-z]+")
_FIELD = "csk_cluster.version"


@dataclass(frozen=True)
class Minor:
    """One minor version: its dates and its releases (exact version -> component data).

    :param removed_apis: what its API server can't be trusted to read any more: ``group/version/resource``.
    """

    name: str
    released: date
    valid_until: date
    releases: dict[str, dict[str, Any]]
    removed_apis: tuple[str, ...] = ()

    @property
    def newest(self) -> str:
        """The newest patch, for example ``1.36.3``."""
        return max(self.releases, key=version_key)


@dataclass(frozen=True)
class Verdict:
    """What may be done with a version on a date; ``reason`` names the rule and the dates where it may not.

    :param create_until: the last day on which clusters of it may be created; None while no newer minors say so.
    :param operate_until: the last day on which it is supported, likewise.
    """

    version: str
    status: str
    create: bool
    operate: bool
    reason: str
    warnings: tuple[str, ...] = ()
    create_until: date | None = None
    operate_until: date | None = None


def version_key(version: str) -> tuple[int, ...]:
    """A sort key: ``1.36.10`` comes after ``1.36.9``."""
    return tuple(int(part) for part in version.split("."))


def minor_of(version: str) -> str:
    """``1.36.3`` -> ``1.36``."""
    return ".".join(version.split(".")[:2])


def last_valid_day(released: date) -> date:
    """One year after the release, less a day; a release on 29 February ends on 28 February (design.md §5)."""
    if (released.month, released.day) == (2, 29):
        return date(released.year + 1, 2, 28)
    return date.fromordinal(released.replace(year=released.year + 1).toordinal() - 1)


def parse(files: dict[str, dict[str, Any]]) -> dict[str, Minor]:
    """The catalogue from the release files' contents.

    :param files: file name -> its YAML content, as in ``releases/``.
    :returns: minor name -> Minor, oldest first.
    :raises CskError: for a file that isn't a release file.
    """
    minors: dict[str, Minor] = {}
    problems = []
    for name, content in files.items():
        try:
            minor = Minor(
                content["minor"],
                content["released"],
                content["valid_until"],
                dict(content["releases"]),
                tuple(content.get("removed_apis", ())),
            )
            both = (minor.released, minor.valid_until)
            dates = all(isinstance(day, date) and not isinstance(day, datetime) for day in both)  # YAML knows both
            exact = all(_EXACT.fullmatch(v) and minor_of(v) == minor.name for v in minor.releases)
            apis = all(_API.fullmatch(name) for name in minor.removed_apis)
            wrong = not dates or not minor.releases or not exact or not apis or minor.name in minors
        except (KeyError, TypeError, ValueError):
            wrong = True
        if wrong:
            problems.append(
                Problem(
                    f"releases/{name}",
                    "isn't a release file.",
                    "a release file has minor, released, valid_until and releases of that minor, and may have "
                    "removed_apis (group/version/resource).",
                    "compare it with the files that csk ships.",
                )
            )
        else:
            minors[minor.name] = minor
    if problems:
        raise CskError(problems)
    return dict(sorted(minors.items(), key=lambda item: version_key(item[0])))


def resolve(version: str, minors: dict[str, Minor], where: str = _FIELD) -> str:
    """The exact version that a user's word means: a minor stands for its newest patch.

    :param where: the option that holds the word.
    :raises CskError: for a version that isn't in the catalogue.
    """
    if not version:
        rule = "a version is a minor or an exact version of the catalogue."
        raise CskError(Problem(where, "is missing.", rule, 'write, for example, "1.37".'))
    match = _VERSION.fullmatch(version)
    minor = minors.get(minor_of(version)) if match else None
    if minor is not None and match is not None and match[2] is None:
        return minor.newest
    if minor is not None and version in minor.releases:
        return version
    known = minor.releases if minor is not None else minors
    raise CskError(
        Problem(
            where,
            f"{version!r} doesn't exist in the catalogue.",
            "a version is a minor or an exact version of the catalogue.",
            f"use one of {', '.join(sorted(known, key=version_key))}.",
        )
    )


def judge(version: str, minors: dict[str, Minor], today: date) -> Verdict:
    """What may be done with an exact version on a date.

    :param version: exact, as ``resolve`` gives it.
    """
    name = minor_of(version)
    minor = minors[name]
    until = {
        "create_until": _day_before(minor, CREATABLE, minors),
        "operate_until": _day_before(minor, SUPPORTED, minors),
    }
    if minor.released > today:
        reason = f"{name} is released on {minor.released}; today is {today}."
        return Verdict(version, "unreleased", create=False, operate=False, reason=reason, **until)
    out = [other.name for other in minors.values() if other.released <= today]
    newer = len(out) - 1 - out.index(name)
    warnings = ()
    if minor.valid_until - timedelta(days=WARN_DAYS) <= today <= minor.valid_until:
        warnings = (f"{name} is valid until {minor.valid_until}; plan the upgrade to a newer minor.",)
    if today > minor.valid_until:
        warnings = (f"{name} was valid until {minor.valid_until}; plan the upgrade to a newer minor.",)
    if newer < CREATABLE:
        return Verdict(version, "creatable", create=True, operate=True, reason="", warnings=warnings, **until)
    operate = newer < SUPPORTED
    reason = (
        f"on {today} only the newest two minors, {' and '.join(out[-CREATABLE:])}, may be created; "
        f"{name} (released {minor.released}, valid until {minor.valid_until}) is "
        + ("only operated." if operate else "no longer supported.")
    )
    status = "operated" if operate else "unsupported"
    return Verdict(version, status, create=False, operate=operate, reason=reason, warnings=warnings, **until)


def _day_before(minor: Minor, newer: int, minors: dict[str, Minor]) -> date | None:
    """The last day before that many newer minors are out; None where the catalogue doesn't know so many."""
    released = [other.released for other in minors.values() if version_key(other.name) > version_key(minor.name)]
    return released[newer - 1] - timedelta(days=1) if len(released) >= newer else None


def refuse_create(verdict: Verdict, minors: dict[str, Minor], today: date) -> Problem | None:
    """The problem with creating a cluster of this version, if there is one."""
    if verdict.create:
        return None
    allowed = [minor for minor in minors.values() if judge(minor.newest, minors, today).create]
    return Problem(
        _FIELD,
        f"{verdict.version} may not be created: {verdict.reason}",
        "the newest two minors released on or before the date may be created.",
        f"use one of {', '.join(minor.name for minor in allowed)}." if allowed else "wait for a release.",
    )


def other_than_their_tags(release: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Which images, where they are built from modules, hold another version than their tag says, in sentences.

    :param release: a release's components, as the catalogue has them; a tag is ``3.6.8-0``, ``v1.14.2`` or ``3.10.2``.
    """
    return [
        f"the image {name}:{component['tag']} is {component['version']} where it is built from modules."
        for name, component in release.items()
        if component.get("tag") and component["tag"].removeprefix("v").partition("-")[0] != component["version"]
    ]
