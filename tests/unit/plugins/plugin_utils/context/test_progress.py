# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's steps with their seconds: the sum is the run's time, and nothing counts twice."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import progress

BEFORE = "start of Ansible, and the plan"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], []),
        ([("a", 100.0, 103.0)], [("a", 3.0)]),
        # up to half a second between two steps is Ansible's own
        ([("a", 100.5, 103.0)], [("a", 2.5)]),
        ([("a", 100.75, 103.0)], [(BEFORE, 0.75), ("a", 2.25)]),
        ([("a", 102.0, 103.0), ("b", 103.5, 104.0)], [(BEFORE, 2.0), ("a", 1.0), ("b", 0.5)]),
        ([("a", 100.0, 103.0), ("b", 105.0, 106.0)], [("a", 3.0), ("Ansible", 2.0), ("b", 1.0)]),
        # by their start, in whatever order they were noted
        ([("b", 103.0, 104.0), ("a", 100.0, 103.0)], [("a", 3.0), ("b", 1.0)]),
        # steps at the same time count once
        ([("a", 100.0, 103.0), ("b", 102.0, 105.0)], [("a", 3.0), ("b", 2.0)]),
        ([("a", 100.0, 103.0), ("b", 101.0, 102.0)], [("a", 3.0), ("b", 0.0)]),
        ([("a", 100.0, 105.0), ("b", 101.0, 102.0), ("c", 105.0, 106.0)], [("a", 5.0), ("b", 0.0), ("c", 1.0)]),
        # those of one title are one step, as the files of several nodes are
        ([("a", 100.0, 101.0), ("a", 100.5, 104.0), ("a", 102.0, 103.0)], [("a", 4.0)]),
        # what the roles do after a step has its name
        (
            [(progress.MASTERS_FILES, 100.0, 101.0), ("b", 111.0, 112.0)],
            [(progress.MASTERS_FILES, 1.0), (progress.WORK_AFTER[progress.MASTERS_FILES], 10.0), ("b", 1.0)],
        ),
        (
            [(progress.JOINING_FILES, 100.0, 101.0), ("b", 104.0, 105.0)],
            [(progress.JOINING_FILES, 1.0), (progress.WORK_AFTER[progress.JOINING_FILES], 3.0), ("b", 1.0)],
        ),
    ],
)
def test_steps_and_their_seconds(entries, expected):
    noted = [{"title": title, "start": start, "end": end} for title, start, end in entries]
    found = progress.step_seconds(noted, 100.0)
    assert found == expected
    ends = [end for title, start, end in entries]
    gaps = 0.5 * len(entries)
    assert max(ends, default=100.0) - 100.0 - gaps <= sum(seconds for title, seconds in found)
    assert sum(seconds for title, seconds in found) <= max(ends, default=100.0) - 100.0


def test_a_step_that_began_before_the_run_counts_from_its_start():
    assert progress.step_seconds([{"title": "a", "start": 90.0, "end": 101.0}], 100.0) == [("a", 1.0)]
