# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time works on a cluster, and the lock of a dead run is taken over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run, _started
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import schema

ME = Run.current()
ELSEWHERE = Run("elsewhere", "another-boot/1", 4711, 1)


@pytest.fixture
def other():
    """A living process of this host."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield replace(ME, pid=process.pid, started=_started(process.pid))
    process.kill()
    process.wait()


def age(ledger, minutes: float) -> None:
    """Let the lock's last renewal be so long ago."""
    with ledger._write() as connection:
        renewed = connection.scalar(sa.select(schema.LOCKS.c.renewed_at))
        connection.execute(schema.LOCKS.update().values(renewed_at=renewed - timedelta(minutes=minutes)))


def test_one_run_at_a_time_also_before_the_cluster_is_there(ledger, other):
    assert ledger.lock("demo", other).taken_over_from is None
    assert ledger.lock("demo", other).taken_over_from is None
    assert ledger.lock("second", ME).taken_over_from is None
    with pytest.raises(CskError) as caught:
        ledger.lock("demo", ME)
    for part in (other.id, other.host, f"pid {other.pid}", "since 20", "last renewed 20", f"kill {other.pid}"):
        assert part in str(caught.value)
    ledger.unlock("demo", ME)
    with pytest.raises(CskError):
        ledger.lock("demo", ME)
    ledger.unlock("demo", other)
    ledger.unlock("demo", other)
    assert ledger.lock("demo", ME).taken_over_from is None


def test_take_over_is_not_for_a_living_run_of_this_host(ledger, other):
    ledger.lock("demo", other)
    age(ledger, 60)
    with pytest.raises(CskError, match="another run works"):
        ledger.lock("demo", ME, take_over=True)


def test_a_killed_run_of_this_host_is_taken_over(ledger, other):
    ledger.lock("demo", other)
    os.kill(other.pid, signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on: gone as well
    told = ledger.lock("demo", ME).taken_over_from
    assert "its process is gone" in told
    assert f"pid {other.pid}" in told
    with pytest.raises(CskError, match=f"has been taken over by run {ME.id}"):
        ledger.renew("demo", other)
    ledger.unlock("demo", other)
    ledger.renew("demo", ME)


def test_a_pid_that_is_used_again_is_another_process(ledger, other):
    ledger.lock("demo", replace(other, started=other.started - 1))
    assert "its process is gone" in ledger.lock("demo", ME).taken_over_from


@pytest.mark.parametrize("changed", [{"host": "elsewhere"}, {"boot_id": "another-boot/1"}])
def test_a_pid_means_nothing_elsewhere(ledger, changed):
    ledger.lock("demo", replace(ME, pid=2**22 + 1, **changed))
    with pytest.raises(CskError, match="csk_take_over=true"):
        ledger.lock("demo", ME)


def test_a_run_elsewhere_is_taken_over_after_ten_minutes(ledger):
    ledger.lock("demo", ELSEWHERE)
    age(ledger, 9.9)
    with pytest.raises(CskError, match="elsewhere"):
        ledger.lock("demo", ME)
    ledger.renew("demo", ELSEWHERE)
    age(ledger, 9.9)
    with pytest.raises(CskError, match="elsewhere"):
        ledger.lock("demo", ME)
    age(ledger, 0.2)
    assert "more than 10 minutes" in ledger.lock("demo", ME).taken_over_from


def test_a_run_elsewhere_is_taken_over_when_asked(ledger):
    ledger.lock("demo", ELSEWHERE)
    assert "csk_take_over was given" in ledger.lock("demo", ME, take_over=True).taken_over_from
    assert ledger.lock("demo", ME).taken_over_from is None


def test_a_lock_that_is_gone_is_told(ledger):
    with pytest.raises(CskError, match="is no longer there"):
        ledger.renew("demo", ME)
