# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may have a lock that another run has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.locking import Held, lost, why_free

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
OTHER = Run("elsewhere", "boot/1", 4711, 1)


def held(seconds: float) -> Held:
    """A lock that was renewed so many seconds ago."""
    renewed = NOW - timedelta(seconds=seconds)
    return Held("demo", OTHER, renewed - timedelta(hours=1), renewed)


@pytest.mark.parametrize(
    ("here", "gone", "seconds", "take_over", "why"),
    [
        # Its process can be looked at: that alone counts.
        (True, True, 0, False, "its process is gone"),
        (True, True, 3600, True, "its process is gone"),
        (True, False, 0, False, None),
        (True, False, 3600, False, None),
        (True, False, 3600, True, None),
        # It can't: two minutes count, or the user's word.
        (False, False, 0, False, None),
        (False, False, 119, False, None),
        (False, False, 120, False, None),
        (False, False, 121, False, "for more than 2 minutes"),
        (False, False, 0, True, "csk_take_over was given"),
        (False, False, 121, True, "for more than 2 minutes"),
        (False, False, -30, False, None),  # a clock that was put back
    ],
)
def test_a_lock_of_another_run(here, gone, seconds, take_over, why):
    found = why_free(held(seconds), here, gone, NOW, take_over)
    if why:
        assert why in found
        return
    for part in ("elsewhere", "pid 4711", OTHER.id, "since 2026-11-24 1", f"{max(seconds, 0)} s ago"):
        assert part in found.what
    assert ("kill 4711" if here else "2 minutes after it was last renewed") in found.fix
    assert ("csk_take_over=true" in found.fix) is not here


@pytest.mark.parametrize(("other", "told"), [(held(5), "taken over by run"), (None, "is no longer there")])
def test_a_lost_lock(other, told):
    problem = lost("demo", other)
    assert told in problem.what
    assert "run this playbook again" in problem.fix
