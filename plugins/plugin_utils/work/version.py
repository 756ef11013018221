# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_version: which exact version a word means, and what may be done with it on a date."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from ..core.errors import CskError, Problem
from ..rules import upgrade_rules, versions
from .steps import Task


def judge(task: Task) -> dict[str, Any]:
    """Judge one version, or the newest of each minor; and an upgrade, where one is asked about."""
    values, minors, today = task.values, task.session.minors, task.session.today
    if values["upgrade_to"] and not values["version"]:
        rule = "an upgrade goes from one version to another."
        raise CskError(Problem("version", "is missing beside upgrade_to.", rule, "say what the cluster has."))
    asked = (
        [versions.resolve(values["version"], minors, "version")]
        if values["version"]
        else [minor.newest for minor in minors.values()]
    )
    found = []
    for version in asked:
        minor = minors[versions.minor_of(version)]
        verdict = asdict(versions.judge(version, minors, today))
        dates = {"released": minor.released, "valid_until": minor.valid_until}
        upgrades = [asdict(step) for step in upgrade_rules.targets(version, minors, today)]
        found.append({"minor": minor.name, **verdict, **dates, "upgrades": upgrades})
    result: dict[str, Any] = {"changed": False, "versions": found}
    if values["upgrade_to"]:
        target = versions.resolve(values["upgrade_to"], minors, "upgrade_to")
        result["upgrade"] = asdict(upgrade_rules.judge(asked[0], target, minors, today))
    return _plain(result)


def _plain(value: Any) -> Any:
    """Dates as ``YYYY-MM-DD``, and tuples as lists, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
