# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long something is waited for, and what is told of it."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import waiting


class Clock:
    """A time that goes on only when somebody sleeps."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        """The time."""
        return self.now

    def sleep(self, seconds):
        """Let the time go on."""
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)
    return clock


@pytest.mark.parametrize(
    ("answers", "left", "said", "slept"),
    [
        ([[]], [], [], 0),
        ([["a"], []], [], ["waiting: a"], 0.5),
        ([["a"], ["a"], ["a", "b"], ["b"], []], [], ["waiting: a", "waiting: a; b", "waiting: b"], 2),
        ([["a"], ["b"], ["a"], []], [], ["waiting: a", "waiting: b", "waiting: a"], 1.5),
        ([["a"]] * 6 + [["b"]], ["b"], ["waiting: a"], 3),  # the last answer, after the time
        ([["a"]] * 6 + [[]], [], ["waiting: a"], 3),
    ],
)
def test_waiting(clock, answers, left, said, slept):
    lines, given = [], iter(answers)
    assert waiting.wait(lambda: next(given), 2.5, lines.append) == left
    assert (lines, clock.now - 1000, list(given)) == (said, slept, [])


def test_a_wait_that_does_not_end_well_asks_until_its_time_is_over(clock):
    assert waiting.wait(lambda: ["a"], 10, lambda _line: None) == ["a"]
    assert 10 < clock.now - 1000 <= 10 + waiting.ROUND_SECONDS


def test_an_error_ends_the_waiting(clock):
    def faults():
        raise KeyError("odd")

    with pytest.raises(KeyError):
        waiting.wait(faults, 10, lambda _line: None)
    assert clock.now == 1000
