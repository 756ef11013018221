# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the process does that renews a lock; the process itself is in the ledger's tests, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.keeping import end_of, keep
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run, _started

RUN = Run("here", "boot/1", 4711, 1)


class World:
    """A run that lives through a list of answers of its ledger; True: renewed, False: not ours, None: unreachable."""

    def __init__(self, answers, unlocks=(True,), others=False):
        self.answers, self.unlocks, self.others = list(answers), list(unlocks), others
        self.said = []

    def wait(self, seconds):
        """As keep has it."""
        self.said.append(seconds)
        return not self.answers

    def renewed(self, cluster, run):
        """As Lock has it."""
        assert (cluster, run) == ("demo", RUN)
        answer = self.answers.pop(0)
        if answer is None:
            raise CskError(Problem("csk_home", "can't be used.", "", ""))
        self.said.append(answer)
        return answer

    def unlock(self, cluster, run):
        """As Lock has it."""
        assert (cluster, run) == ("demo", RUN)
        if not self.unlocks.pop(0):
            raise CskError(Problem("csk_home", "can't be used.", "", ""))
        self.said.append("unlocked")

    def leave(self):
        """As Place has it."""
        self.said.append("left")

    def take(self):
        """As Place has it."""
        self.said.append("taken")
        return not self.others

    def sleep(self, seconds):
        """As keep has it."""
        self.said.append(f"slept {seconds}")


@pytest.mark.parametrize(
    ("world", "ended", "said"),
    [
        # It is renewed every 20 seconds, and given back at the end.
        (World([]), True, [20, "unlocked"]),
        (World([True, True]), True, [20, True, 20, True, 20, "unlocked"]),
        # A ledger that can't be reached is asked again, and again at the end.
        (World([None, True]), True, [20, 5, True, 20, "unlocked"]),
        (World([], [False, True]), True, [20, "slept 5", "unlocked"]),
        (World([], [False] * 24), True, [20, *["slept 5"] * 24]),
        # The run has given it back, or lost it.
        (World([False, False]), False, [20, False, "left", False]),
        # A task of the run takes it again at that moment: either this process goes on, or another one has begun.
        (World([False, True]), True, [20, False, "left", True, "taken", 20, "unlocked"]),
        (World([False, True], others=True), False, [20, False, "left", True, "taken"]),
    ],
)
def test_a_lock_is_kept(world, ended, said):
    assert keep(world, "demo", RUN, world.wait, world, world.sleep) is ended
    assert world.said == said


@pytest.fixture
def process():
    """A process that lives."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as started:
        yield started
        started.kill()


@pytest.mark.parametrize("old_kernel", [False, True])
def test_the_end_of_a_process_is_seen(process, monkeypatch, old_kernel):
    if old_kernel:

        def refused(_pid):
            raise OSError("pidfd_open isn't there")

        monkeypatch.setattr(os, "pidfd_open", refused)
    run = replace(Run.current(), pid=process.pid, started=_started(process.pid))
    wait = end_of(run)
    assert not wait(0.01)
    process.kill()
    assert wait(10)  # it is a zombie, which nobody has waited for
    assert wait(10)
    assert end_of(run)(10)


def test_another_process_with_its_pid_is_not_the_run(process):
    run = replace(Run.current(), pid=process.pid, started=_started(process.pid) - 1)
    assert end_of(run)(10)
