# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's health is measured by, and how long it is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins import plugin_utils
from ansible_collections.csk.kubernetes.plugins.plugin_utils import catalogue, health
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_plane_api import STATIC_PODS

SHIPPED = catalogue.load(Path(next(iter(plugin_utils.__path__))).parent.parent / "releases")


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
    monkeypatch.setattr(health, "time", clock)
    return clock


def test_the_tags_of_static_pods():
    release = {"kubernetes": {"tag": "v1.36.3"}, "etcd": {"tag": "3.6.8-0"}, "pause": {"tag": "3.10.2"}}
    assert health.tags(release) == {
        "etcd": "3.6.8-0",
        "kube-apiserver": "v1.36.3",
        "kube-controller-manager": "v1.36.3",
        "kube-scheduler": "v1.36.3",
    }


def test_every_release_has_the_tags():
    for minor in SHIPPED.values():
        for version, release in minor.releases.items():
            found = health.tags(release)
            assert set(found) == set(STATIC_PODS)
            assert (found["kube-apiserver"], all(found.values())) == (f"v{version}", True)


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
    assert health.wait(lambda: next(given), 2.5, lines.append) == left
    assert (lines, clock.now - 1000, list(given)) == (said, slept, [])


def test_a_wait_that_does_not_end_well_asks_until_its_time_is_over(clock):
    assert health.wait(lambda: ["a"], 10, lambda _line: None) == ["a"]
    assert 10 < clock.now - 1000 <= 10 + health.ROUND_SECONDS


def test_an_error_ends_the_waiting(clock):
    def faults():
        raise KeyError("odd")

    with pytest.raises(KeyError):
        health.wait(faults, 10, lambda _line: None)
    assert clock.now == 1000
