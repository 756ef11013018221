# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The version catalogue, around every date that matters."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import versions

RELEASED = {
    "1.33": date(2025, 6, 1),
    "1.34": date(2025, 12, 10),
    "1.35": date(2026, 3, 10),
    "1.36": date(2026, 7, 8),
    "1.37": date(2026, 11, 4),
}
MINORS = versions.parse(
    {
        f"{name}.yml": {
            "minor": name,
            "released": day,
            "valid_until": versions.last_valid_day(day),
            "releases": {f"{name}.1": {}, f"{name}.9": {}, f"{name}.10": {}},
        }
        for name, day in RELEASED.items()
    }
)
SHIPPED = catalogue.load(catalogue.RELEASES)


@pytest.mark.parametrize(
    ("released", "last"),
    [
        (date(2025, 12, 10), date(2026, 12, 9)),
        (date(2026, 3, 10), date(2027, 3, 9)),
        (date(2026, 7, 8), date(2027, 7, 7)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2028, 2, 29), date(2029, 2, 28)),  # a release on the leap day
        (date(2027, 3, 1), date(2028, 2, 29)),  # the leap day is in its year
        (date(2026, 3, 1), date(2027, 2, 28)),
        (date(2027, 2, 28), date(2028, 2, 27)),
        (date(2028, 2, 28), date(2029, 2, 27)),
        (date(2028, 3, 1), date(2029, 2, 28)),
    ],
)
def test_the_last_valid_day(released, last):
    assert versions.last_valid_day(released) == last


@pytest.mark.parametrize(
    ("minor", "released", "valid_until", "patches"),
    [
        ("1.34", date(2025, 12, 10), date(2026, 12, 9), ["1.34.4"]),
        ("1.35", date(2026, 3, 10), date(2027, 3, 9), ["1.35.4"]),
        ("1.36", date(2026, 7, 8), date(2027, 7, 7), ["1.36.1", "1.36.3"]),
        ("1.37", date(2026, 11, 4), date(2027, 11, 3), ["1.37.2"]),
    ],
)
def test_what_csk_ships(minor, released, valid_until, patches):
    found = SHIPPED[minor]
    assert (found.released, found.valid_until, sorted(found.releases)) == (released, valid_until, patches)
    assert found.valid_until == versions.last_valid_day(released)
    assert list(SHIPPED) == ["1.34", "1.35", "1.36", "1.37"]


@pytest.mark.parametrize(
    ("today", "minor", "status", "create", "warned"),
    [
        # the day before a release, and the day of it
        (date(2026, 11, 3), "1.37", "unreleased", False, False),
        (date(2026, 11, 4), "1.37", "creatable", True, False),
        (date(2026, 11, 3), "1.36", "creatable", True, False),
        (date(2026, 11, 3), "1.35", "creatable", True, False),
        (date(2026, 11, 3), "1.34", "operated", False, True),
        (date(2026, 11, 4), "1.36", "creatable", True, False),
        (date(2026, 11, 4), "1.35", "operated", False, False),
        # four are supported
        (date(2026, 11, 3), "1.33", "operated", False, True),
        (date(2026, 11, 4), "1.33", "unsupported", False, True),
        (date(2026, 11, 4), "1.34", "operated", False, True),
        # 61 and 60 days before the last valid day, that day, and the day after
        (date(2027, 5, 7), "1.36", "creatable", True, False),
        (date(2027, 5, 8), "1.36", "creatable", True, True),
        (date(2026, 12, 9), "1.34", "operated", False, True),
        (date(2026, 12, 10), "1.34", "operated", False, True),
        (date(2027, 7, 7), "1.36", "creatable", True, True),
        (date(2027, 7, 8), "1.36", "creatable", True, True),  # nothing stops working by the calendar alone
        (date(2027, 11, 3), "1.37", "creatable", True, True),
        (date(2030, 1, 1), "1.37", "creatable", True, True),
    ],
)
def test_what_may_be_done_on_a_date(today, minor, status, create, warned):
    verdict = versions.judge(f"{minor}.10", MINORS, today)
    assert (verdict.status, verdict.create, bool(verdict.warnings)) == (status, create, warned)
    assert verdict.operate == (status in ("creatable", "operated"))
    assert bool(verdict.reason) != create
    refused = versions.refuse_create(verdict, MINORS, today)
    assert (refused is None) == create
    if refused:
        assert refused.where == "csk_cluster.version"
        assert str(today) in refused.what


def test_a_refusal_names_dates_and_the_way_out():
    today = date(2026, 11, 24)
    refused = versions.refuse_create(versions.judge("1.34.4", SHIPPED, today), SHIPPED, today)
    assert "2025-12-10" in refused.what
    assert "2026-12-09" in refused.what
    assert refused.fix == "use one of 1.36, 1.37."


def test_before_any_release_nothing_is_to_be_had():
    verdict = versions.judge("1.33.1", MINORS, date(2025, 5, 31))
    assert verdict.status == "unreleased"
    assert versions.refuse_create(verdict, MINORS, date(2025, 5, 31)).fix == "wait for a release."


@pytest.mark.parametrize(
    ("wanted", "exact"), [("1.36", "1.36.10"), ("1.36.1", "1.36.1"), ("1.36.10", "1.36.10"), ("1.37", "1.37.10")]
)
def test_a_minor_means_its_newest_patch(wanted, exact):
    assert versions.resolve(wanted, MINORS) == exact


@pytest.mark.parametrize(
    "wanted", ["1.38", "1.36.2", "1", "v1.36", "1.36.1.2", "1.36 ", "1.36\n", "2.0", "latest", "1.36.x"]
)
def test_a_version_that_does_not_exist(wanted):
    with pytest.raises(CskError, match="doesn't exist") as caught:
        versions.resolve(wanted, MINORS)
    assert "use one of" in str(caught.value)


def test_a_version_that_is_not_given():
    with pytest.raises(CskError, match=r"csk_version: is missing"):
        versions.resolve("", MINORS, "csk_version")


def test_an_unknown_patch_is_answered_with_the_known_ones():
    with pytest.raises(CskError, match=r"1\.36\.1, 1\.36\.9, 1\.36\.10"):
        versions.resolve("1.36.2", MINORS)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"minor": "1.36", "released": "2026-07-08", "valid_until": date(2027, 7, 7), "releases": {"1.36.1": {}}},
        {"minor": "1.36", "released": date(2026, 7, 8), "valid_until": date(2027, 7, 7), "releases": {}},
        {"minor": "1.36", "released": date(2026, 7, 8), "valid_until": date(2027, 7, 7), "releases": {"1.37.1": {}}},
        [],
        None,
    ],
)
def test_what_is_no_release_file(content):
    with pytest.raises(CskError, match=r"releases/own\.yml"):
        versions.parse({"own.yml": content})


@pytest.mark.parametrize(
    ("today", "creatable", "operated"),
    [
        (date(2025, 12, 9), [], []),
        (date(2025, 12, 10), ["1.34"], ["1.34"]),
        (date(2026, 3, 10), ["1.34", "1.35"], ["1.34", "1.35"]),
        (date(2026, 7, 7), ["1.34", "1.35"], ["1.34", "1.35"]),
        (date(2026, 7, 8), ["1.35", "1.36"], ["1.34", "1.35", "1.36"]),
        (date(2026, 11, 3), ["1.35", "1.36"], ["1.34", "1.35", "1.36"]),
        (date(2026, 11, 4), ["1.36", "1.37"], ["1.34", "1.35", "1.36", "1.37"]),
        (date(2026, 11, 24), ["1.36", "1.37"], ["1.34", "1.35", "1.36", "1.37"]),
    ],
)
def test_what_csk_creates_and_operates_on_a_date(today, creatable, operated):
    verdicts = {name: versions.judge(minor.newest, SHIPPED, today) for name, minor in SHIPPED.items()}
    assert [name for name, verdict in verdicts.items() if verdict.create] == creatable
    assert [name for name, verdict in verdicts.items() if verdict.operate] == operated


def test_versions_are_sorted_as_numbers():
    names = ["1.36.10", "1.36.9", "1.100.0", "1.37.0", "1.36"]
    assert sorted(names, key=versions.version_key) == ["1.36", "1.36.9", "1.36.10", "1.37.0", "1.100.0"]


def test_every_wrong_file_is_told_and_the_order_is_by_version():
    with pytest.raises(CskError) as caught:
        versions.parse({"a.yml": {}, "b.yml": None})
    assert [problem.where for problem in caught.value.problems] == ["releases/a.yml", "releases/b.yml"]
    released = {"released": date(2026, 7, 8), "valid_until": date(2027, 7, 7)}
    files = {name: released | {"minor": name, "releases": {f"{name}.1": {}}} for name in ("1.100", "1.36", "1.9")}
    assert list(versions.parse(files)) == ["1.9", "1.36", "1.100"]


@pytest.mark.parametrize(
    "change",
    [
        {"releases": {"1.36": {}}},
        {"releases": {"1.36.x": {}}},
        {"releases": {"1.36.1.2": {}}},
        {"releases": {"1.37.1": {}}},
        {"releases": {}},
        {"released": datetime.fromisoformat("2026-07-08T01:02:03+00:00")},
        {"valid_until": "2027-07-07"},
        {"removed_apis": ["v1beta1/things"]},
        {"removed_apis": ["example.com/things"]},
        {"removed_apis": [7]},
        {"removed_apis": None},
    ],
)
def test_a_file_that_is_no_release_file(change):
    good = {"minor": "1.36", "released": date(2026, 7, 8), "valid_until": date(2027, 7, 7), "releases": {"1.36.3": {}}}
    assert versions.parse({"1.36.yml": good})
    with pytest.raises(CskError, match="isn't a release file"):
        versions.parse({"1.36.yml": good | change})


def test_two_files_of_one_minor():
    good = {"minor": "1.36", "released": date(2026, 7, 8), "valid_until": date(2027, 7, 7), "releases": {"1.36.3": {}}}
    with pytest.raises(CskError, match=r"releases/b\.yml"):
        versions.parse({"a.yml": good, "b.yml": good})


@pytest.mark.parametrize(
    ("minor", "create_until", "operate_until"),
    [
        ("1.33", date(2026, 3, 9), date(2026, 11, 3)),
        ("1.34", date(2026, 7, 7), None),
        ("1.35", date(2026, 11, 3), None),
        ("1.36", None, None),
        ("1.37", None, None),
    ],
)
def test_until_when_as_far_as_it_is_known(minor, create_until, operate_until):
    verdict = versions.judge(f"{minor}.10", MINORS, date(2026, 3, 1))
    assert (verdict.create_until, verdict.operate_until) == (create_until, operate_until)
    if create_until:
        assert versions.judge(f"{minor}.10", MINORS, create_until).create
        assert not versions.judge(f"{minor}.10", MINORS, date.fromordinal(create_until.toordinal() + 1)).create


@pytest.mark.parametrize(
    ("version", "tag", "told"),
    [
        ("3.6.8", "3.6.8-0", False),
        ("1.14.2", "v1.14.2", False),
        ("2.3.7", None, False),
        ("3.6.16", "3.6.8-0", True),
        ("1.14.3", "v1.14.2", True),
    ],
)
def test_an_image_that_is_another_version_than_its_tag_says(version, tag, told):
    release = {"some": {"version": version} | ({"tag": tag} if tag else {})}
    assert versions.other_than_their_tags(release) == (
        [f"the image some:{tag} is {version} where it is built from modules."] if told else []
    )
