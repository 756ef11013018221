# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version may follow which, around every day that matters."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import upgrade_rules, versions

SHIPPED = catalogue.load(catalogue.RELEASES)


def made(**released: date) -> dict[str, versions.Minor]:
    """A catalogue of minors (``m36``: 1.36) with the patches 0 and 2 each."""
    names = {f"1.{key[1:]}": day for key, day in released.items()}
    return {
        name: versions.Minor(name, day, versions.last_valid_day(day), {f"{name}.0": {}, f"{name}.2": {}})
        for name, day in names.items()
    }


@pytest.mark.parametrize(
    ("today", "allowed", "said"),
    [
        (date(2026, 11, 3), False, "released on 2026-11-04"),  # the day before the release
        (date(2026, 11, 4), False, "2026-11-18"),  # the day of it
        (date(2026, 11, 17), False, "2026-11-18"),  # day 13
        (date(2026, 11, 18), True, ""),  # day 14
        (date(2026, 11, 19), True, ""),  # day 15
        (date(2027, 7, 7), True, ""),  # the source's last valid day
        (date(2027, 7, 8), False, "valid until 2027-07-07"),  # the day after
    ],
)
def test_the_next_minor_from_day_14_until_the_last_valid_day(today, allowed, said):
    found = upgrade_rules.judge("1.36.3", "1.37.2", SHIPPED, today)
    assert (found.allowed, said in found.reason) == (allowed, True)
    assert bool(found.reason) != allowed
    assert [(s.source, s.target, s.allowed_from, s.allowed_until) for s in found.steps] == [
        ("1.36.3", "1.37.2", date(2026, 11, 18), date(2027, 7, 7))
    ]


@pytest.mark.parametrize(
    ("today", "allowed"),
    [
        (date(2026, 7, 7), False),  # before the release there is no patch either
        (date(2026, 7, 8), True),  # at once
        (date(2027, 7, 7), True),
        (date(2027, 7, 8), False),
    ],
)
def test_a_patch_at_once(today, allowed):
    assert upgrade_rules.judge("1.36.1", "1.36.3", SHIPPED, today).allowed == allowed


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        (date(2027, 8, 1), date(2027, 12, 31), date(2028, 1, 14)),  # the year ends between
        (date(2027, 8, 1), date(2028, 2, 15), date(2028, 2, 29)),  # on the leap day
        (date(2027, 8, 1), date(2028, 2, 16), date(2028, 3, 1)),  # the leap day lies between
        (date(2026, 8, 1), date(2027, 2, 15), date(2027, 3, 1)),  # no leap year
        (date(2026, 8, 1), date(2027, 4, 17), date(2027, 5, 1)),
        (date(2026, 8, 1), date(2027, 1, 31), date(2027, 2, 14)),
    ],
)
def test_fourteen_days_across_the_ends_of_months(old, new, first):
    minors = made(m36=old, m37=new)
    before = date.fromordinal(first.toordinal() - 1)
    assert not upgrade_rules.judge("1.36.2", "1.37.2", minors, before).allowed
    assert upgrade_rules.judge("1.36.2", "1.37.2", minors, first).allowed


def test_the_last_valid_day_of_a_leap_days_release():
    minors = made(m36=date(2028, 2, 29), m37=date(2028, 9, 1))
    assert upgrade_rules.judge("1.36.2", "1.37.2", minors, date(2029, 2, 28)).allowed
    assert not upgrade_rules.judge("1.36.2", "1.37.2", minors, date(2029, 3, 1)).allowed


def test_one_minor_at_a_time_names_the_way():
    found = upgrade_rules.judge("1.34.4", "1.37.2", SHIPPED, date(2026, 11, 24))
    assert not found.allowed
    assert "one minor at a time: 1.34.4 -> 1.35.4 -> 1.36.3 -> 1.37.2" in found.reason
    assert [step.allowed for step in found.steps] == [True, True, True]
    late = upgrade_rules.judge("1.34.4", "1.37.2", SHIPPED, date(2026, 12, 10))
    assert [step.allowed for step in late.steps] == [False, True, True]


def test_a_gap_in_the_catalogue_is_no_way():
    minors = made(m35=date(2026, 3, 10), m37=date(2026, 11, 4))
    found = upgrade_rules.judge("1.35.2", "1.37.2", minors, date(2026, 11, 24))
    assert (found.allowed, found.steps) == (False, ())
    assert "doesn't have 1.36" in found.reason
    unknown = upgrade_rules.judge("1.36.2", "1.37.2", minors, date(2026, 11, 24))
    assert "doesn't have 1.36" in unknown.reason


@pytest.mark.parametrize(("target", "said"), [("1.36.1", "older"), ("1.35.4", "older"), ("1.36.3", "already")])
def test_backwards_and_nowhere(target, said):
    found = upgrade_rules.judge("1.36.3", target, SHIPPED, date(2026, 11, 24))
    assert not found.allowed
    assert said in found.reason


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1.36.1", [("1.36.3", True), ("1.37.2", True)]),
        ("1.36.3", [("1.37.2", True)]),
        ("1.37.2", []),
        ("1.33.1", []),  # not in the catalogue
    ],
)
def test_what_a_version_may_become(source, expected):
    found = upgrade_rules.targets(source, SHIPPED, date(2026, 11, 24))
    assert [(step.target, step.allowed) for step in found] == expected


@pytest.mark.parametrize(
    ("source", "target", "today", "expired"),
    [
        ("1.36.3", "1.37.2", date(2026, 11, 17), False),  # too early
        ("1.36.3", "1.37.2", date(2027, 7, 7), False),  # allowed
        ("1.36.3", "1.37.2", date(2027, 7, 8), True),
        ("1.36.3", "1.37.2", date(2030, 1, 1), True),
        ("1.36.1", "1.36.3", date(2026, 7, 7), False),
        ("1.36.1", "1.36.3", date(2027, 7, 7), False),
        ("1.36.1", "1.36.3", date(2027, 7, 8), True),  # a patch too
        ("1.34.4", "1.36.3", date(2030, 1, 1), False),  # two minors are another obstacle
        ("1.36.3", "1.36.3", date(2030, 1, 1), False),
        ("1.36.3", "1.36.1", date(2030, 1, 1), False),
        ("1.37.2", "1.38.0", date(2030, 1, 1), False),  # not in the catalogue
    ],
)
def test_when_only_the_end_of_validity_is_in_the_way(source, target, today, expired):
    found = upgrade_rules.judge(source, target, SHIPPED, today)
    assert found.expired == expired
    assert not (found.expired and found.allowed)
    assert ("An expired minor isn't upgraded" in found.reason) == expired


@pytest.mark.parametrize(
    ("today", "expired", "said"),
    [
        (date(2026, 12, 31), False, "released on 2027-01-05"),
        (date(2027, 1, 1), False, "released on 2027-01-05"),  # expired, and there is nothing to upgrade to yet
        (date(2027, 1, 18), False, "from 14 days on, 2027-01-19"),
        (date(2027, 1, 19), True, "valid until 2026-12-31"),
    ],
)
def test_expired_before_there_is_a_next_minor(today, expired, said):
    found = upgrade_rules.judge("1.36.2", "1.37.2", made(m36=date(2026, 1, 1), m37=date(2027, 1, 5)), today)
    assert (found.allowed, found.expired) == (False, expired)
    assert said in found.reason


@pytest.mark.parametrize(
    ("source", "begun", "path", "expected"),
    [
        ("1.35.4", None, [], ["1.37.2"]),
        ("1.35.4", None, ["1.37"], ["1.37.2"]),
        ("1.35.4", None, ["1.36", "1.37"], ["1.36.3", "1.37.2"]),
        ("1.35.4", "1.36.3", ["1.36", "1.37"], ["1.36.3", "1.37.2"]),
        ("1.36.3", "1.36.3", ["1.36", "1.37"], ["1.36.3", "1.37.2"]),  # workers are left
        ("1.36.3", None, ["1.36", "1.37"], ["1.37.2"]),  # the first step is done
        ("1.36.3", "1.37.2", ["1.36", "1.37"], ["1.37.2"]),
        ("1.37.2", "1.37.2", ["1.36", "1.37"], ["1.37.2"]),
        ("1.37.2", None, ["1.36", "1.37"], ["1.37.2"]),
        ("1.36.1", None, ["1.36.3", "1.37.2"], ["1.36.3", "1.37.2"]),
        ("1.35.4", None, ["1.35.4", "1.36", "1.37.2"], ["1.36.3", "1.37.2"]),
    ],
)
def test_the_stops_that_are_left_of_a_path(source, begun, path, expected):
    assert upgrade_rules.stops(source, "1.37.2", path, SHIPPED, begun) == expected


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (["1.36"], "is 1.36."),  # it ends before the target
        (["1.37", "1.36"], "is 1.37, 1.36."),
        (["1.36", "1.36", "1.37"], "is 1.36, 1.36, 1.37."),
        (["1.36", "1.38"], "'1.38' doesn't exist"),
        (["1.35", "1.36", "1.37"], "has 3 steps"),
        (["x"], "'x' doesn't exist"),
    ],
)
def test_what_is_no_path(path, said):
    with pytest.raises(CskError) as caught:
        upgrade_rules.stops("1.34.1", "1.37.2", path, SHIPPED, None)
    (problem,) = caught.value.problems
    assert problem.where == "csk_upgrade_options.path"
    assert said in problem.what
