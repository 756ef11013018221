# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a cluster may be worked on."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.places import elsewhere_problem, unseen_problem


@pytest.mark.parametrize(
    ("recorded", "found", "refused"),
    [("a", "a", False), ("a", "b", True), ("a", "", True), ("", "b", False), ("", "", False)],
)
def test_elsewhere(recorded, found, refused):
    problem = elsewhere_problem("demo", "container", recorded, found)
    assert bool(problem) == refused
    if problem:
        assert "csk_moved=demo" in problem.fix
        assert recorded in problem.what


@pytest.mark.parametrize(("lost", "refused"), [(["master-1"], True), ([], False)])
def test_a_place_that_is_not_known(lost, refused):
    problem = unseen_problem("demo", "container", "b", lost)
    assert bool(problem) == refused
    assert not problem or "csk_moved=demo" in problem.fix
