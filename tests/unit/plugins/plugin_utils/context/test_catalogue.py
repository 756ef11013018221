# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release files, and reading them."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import versions

DATES = {
    "1.34": (date(2025, 12, 10), date(2026, 12, 9)),
    "1.35": (date(2026, 3, 10), date(2027, 3, 9)),
    "1.36": (date(2026, 7, 8), date(2027, 7, 7)),
    "1.37": (date(2026, 11, 4), date(2027, 11, 3)),
}


def test_an_own_catalogue_is_a_folder_of_release_files(tmp_path):
    with pytest.raises(CskError, match=r"csk_catalogue: .* has no release files"):
        catalogue.load(tmp_path)
    day = "minor: '1.40'\nreleased: 2028-02-29\nvalid_until: 2029-02-28\nreleases: {'1.40.1': {}}\n"
    (tmp_path / "1.40.yml").write_text(day)
    assert versions.judge("1.40.1", catalogue.load(tmp_path), date(2028, 2, 29)).create


def test_dates_are_those_of_the_design() -> None:
    minors = catalogue.load(catalogue.RELEASES)
    assert {name: (minor.released, minor.valid_until) for name, minor in minors.items()} == DATES


@pytest.mark.parametrize(("word", "exact"), [("1.36", "1.36.3"), ("1.36.1", "1.36.1"), ("1.37", "1.37.2")])
def test_a_minor_means_its_newest_patch(word: str, exact: str) -> None:
    assert catalogue.load_release(word).version == exact


@pytest.mark.parametrize("word", ["1.33", "1.36.2", "v1.36.3", "latest"])
def test_an_unknown_version_is_refused_by_its_variable(word: str) -> None:
    with pytest.raises(CskError) as caught:
        catalogue.load_release(word)
    assert caught.value.problems[0].where == "csk_version"
    assert repr(word) in str(caught.value)
