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
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, schema
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import workers

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


def test_a_run_elsewhere_is_taken_over_after_two_minutes(ledger):
    ledger.lock("demo", ELSEWHERE)
    age(ledger, 1.9)
    with pytest.raises(CskError, match="elsewhere"):
        ledger.lock("demo", ME)
    ledger.renew("demo", ELSEWHERE)
    age(ledger, 1.9)
    with pytest.raises(CskError, match="elsewhere"):
        ledger.lock("demo", ME)
    age(ledger, 0.2)
    assert "more than 2 minutes" in ledger.lock("demo", ME).taken_over_from


def test_who_has_a_lock_is_told(ledger, other):
    assert ledger.lock_of("demo") is None
    ledger.lock("demo", other)
    held = ledger.lock_of("demo")
    assert (held.cluster, held.run) == ("demo", other)
    assert held.since == held.renewed_at
    ledger.renew("demo", other)
    assert ledger.lock_of("demo").since == held.since <= ledger.lock_of("demo").renewed_at


# What a run writes of its cluster, in every transaction that there is.
WRITES = {
    "set_spec": lambda ledger: ledger.set_spec("demo", {}),
    "set_upgrade": lambda ledger: ledger.set_upgrade("demo", "1.37.2"),
    "set_restoring": lambda ledger: ledger.set_restoring("demo", "x.db", "1.36.3", []),
    "put_pool": lambda ledger: ledger.put_pool("demo", "web", {}),
    "delete_pool": lambda ledger: ledger.delete_pool("demo", "default"),
    "add_machines": lambda ledger: ledger.add_machines("demo", workers(3)),
    "set_machine_status": lambda ledger: ledger.set_machine_status("demo", [], "ready"),
    "set_machine_version": lambda ledger: ledger.set_machine_version("demo", [], "1.37.2"),
    "delete_machines": lambda ledger: ledger.delete_machines("demo", []),
    "put_secret": lambda ledger: ledger.put_secret("demo", "ca.key", b"x"),
    "delete_secret": lambda ledger: ledger.delete_secret("demo", "ca.key"),
    "delete_cluster": lambda ledger: ledger.delete_cluster("demo"),
    "create_cluster": lambda ledger: ledger.create_cluster("demo", "default", "1.36.3", {}),
    "restore_cluster": lambda ledger: ledger.restore_cluster(ledger.cluster("demo"), [], [], {}),
}


def test_who_lost_the_lock_writes_nothing(demo):
    demo.put_secret("demo", "ca.key", b"before")
    demo.lock("demo", ME)
    demo.write_as("demo", ME)
    before = (demo.clusters(), demo.pools("demo"), demo.machines(), demo.secret("demo", "ca.key"))
    with demo._write() as connection:
        connection.execute(schema.LOCKS.update().values(vars(ELSEWHERE) | {"run_id": ELSEWHERE.id}))
    told = f"taken over by run {ELSEWHERE.id} on host elsewhere"
    for write in WRITES.values():
        with pytest.raises(CskError, match=told):
            write(demo)
    assert (demo.clusters(), demo.pools("demo"), demo.machines(), demo.secret("demo", "ca.key")) == before
    demo.unlock("demo", ELSEWHERE)
    with pytest.raises(CskError, match="is no longer there"):
        demo.set_spec("demo", {})
    with pytest.raises(CskError, match="is no longer there"):
        demo.check_lock("demo", ME)
    demo.write_as("demo", None)
    demo.set_spec("demo", {"changed": True})
    demo.lock("demo", ME)
    demo.check_lock("demo", ME)


def test_who_has_the_lock_writes(demo):
    demo.lock("demo", ME)
    demo.write_as("demo", ME)
    demo.add_machines("demo", workers(1))
    demo.put_secret("demo", "ca.key", b"x")
    demo.delete_cluster("demo")
    demo.create_cluster("demo", "default", "1.36.3", {})


def test_a_ledger_that_is_gone_is_not_made(home, url, ledger, reopen):
    del ledger
    there = Ledger.attach(str(home), url)
    there.lock("demo", ME)
    assert reopen().lock_of("demo").run == ME
    if url is None:
        for path in home.iterdir():
            path.unlink()
        assert Ledger.attach(str(home), url) is None
        assert list(home.iterdir()) == []


def test_a_run_elsewhere_is_taken_over_when_asked(ledger):
    ledger.lock("demo", ELSEWHERE)
    assert "csk_take_over was given" in ledger.lock("demo", ME, take_over=True).taken_over_from
    assert ledger.lock("demo", ME).taken_over_from is None


def test_a_lock_that_is_gone_is_told(ledger):
    with pytest.raises(CskError, match="is no longer there"):
        ledger.renew("demo", ME)
