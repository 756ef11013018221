# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that renews a run's lock, and what a run's tasks know of each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.given import Given
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.holding import Holding
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.session import Session
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run, _started
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import schema
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.quotas import Quotas
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.scaling import Scaling
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.recording import record_pool
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import at_once, errors

ELSEWHERE = Run("elsewhere", "another-boot/1", 4711, 1)
POOL = {"name": "web", "desired_size": 3, "min_size": None, "zones": ["a"], "scale_in_policy": "fifo", "nodes": []}


def keepers(run: Run) -> list[int]:
    """The processes that renew a lock of a run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")[:-1]
        except OSError:
            continue
        if words[-1:] == [str(run.pid).encode()] and any(word.endswith(b"keep_lock.py") for word in words):
            found.append(int(folder.name))
    return found


def until(what: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether something comes to be so."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def run():
    """A run: a process that lives, and that this test can kill."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"]) as process:
        yield replace(Run.current(), pid=process.pid, started=_started(process.pid))
        process.kill()


@pytest.fixture
def session(home, url, run, ledger):
    """Make a step's session, as each task of the run has one."""
    del ledger

    def make(said=None):
        given = Given(home, url, Path("/srv/releases"), None, Quotas())
        made = Session(given, (said if said is not None else []).append)
        made.run = run
        return made

    return make


def test_a_lock_goes_with_its_run(session, run, ledger, home, monkeypatch):
    monkeypatch.setenv("CSK_LEDGER_KEY", "very-secret")
    monkeypatch.setenv("CSK_LEDGER_URL", "postgresql://csk:very-secret@db/csk")
    step = session()
    step.lock("demo")
    step.close()
    assert until(lambda: len(keepers(run)) == 1)
    (keeper,) = keepers(run)
    place = Path(f"/proc/{keeper}")
    assert place.stat().st_uid == os.getuid()
    assert b"secret" not in (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
    assert os.getsid(keeper) != os.getsid(0)
    inputs = [os.readlink(place / "fd" / number) for number in ("0", "1")]
    assert inputs == ["/dev/null"] * 2  # so that nobody who reads the run's output waits for it
    mine = {str(path) for path in (home / "runs").rglob("*.keeper")}
    assert os.readlink(place / "fd/2") in mine
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        os.kill(keeper, number)
    for _task in range(3):  # the run's next tasks find that it is there
        step = session()
        step.lock("demo")
        step.close()
    assert keepers(run) == [keeper]
    assert oct((home / "runs").stat().st_mode & 0o777) == "0o700"
    assert ledger.lock_of("demo").run == run
    os.kill(run.pid, signal.SIGKILL)
    assert until(lambda: ledger.lock_of("demo") is None)
    assert until(lambda: not keepers(run))
    assert not list((home / "runs").iterdir())


def test_who_renews_it_is_killed(session, run):
    said = []
    session(said).lock("demo")
    assert until(lambda: len(keepers(run)) == 1)
    (first,) = keepers(run)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: not keepers(run))
    assert said == []
    session(said).lock("demo", alone=False)
    assert until(lambda: len(keepers(run)) == 1)
    assert keepers(run) != [first]
    assert ["another one was started" in line for line in said] == [True]
    session(said).lock("second")
    assert until(lambda: len(keepers(run)) == 2)  # one for each cluster
    assert len(said) == 1


def test_who_lost_the_lock_does_not_go_on(session, run, ledger):
    step = session()
    step.lock("demo")
    ledger.create_cluster("demo", "default", "1.36.3", {"provider": "container", "container": {}})
    with ledger._write() as connection:
        connection.execute(schema.LOCKS.update().values(vars(ELSEWHERE) | {"run_id": ELSEWHERE.id}))
    told = "has been taken over by run"
    with pytest.raises(CskError, match=told):
        step.ledger.set_status("demo", "ready")
    asked = []
    provider = SimpleNamespace(delete=asked.append, create=asked.append, ensure_network=asked.append)
    step.provider = lambda _name, _settings: provider
    fleet = step.fleet(ledger.cluster("demo"), [])
    with pytest.raises(CskError, match=told):
        fleet.delete(["web-1"])
    with pytest.raises(CskError, match=told):
        fleet.delete_all()
    assert asked == []
    step.close()
    # Not even when the other run has ended: what this one found before may no longer be so.
    ledger.unlock("demo", ELSEWHERE)
    with pytest.raises(CskError, match="is no longer there"):
        session().lock("demo")
    # Another run may.
    other = session()
    other.run = replace(run, pid=os.getpid(), started=_started(os.getpid()))
    other.lock("demo", alone=False)
    other.unlock("demo")


def test_a_refused_run_leaves_nothing(session, run, ledger, home):
    ledger.lock("demo", ELSEWHERE)
    step = session()
    with pytest.raises(CskError, match="another run works on this cluster"):
        step.lock("demo")
    step.close()
    assert not list((home / "runs").iterdir())
    assert not keepers(run)


def test_a_run_that_gave_it_back_may_take_it_again(session, ledger):
    step = session()
    for _time in range(2):
        step.lock("demo")
        step.unlock("demo")
        assert ledger.lock_of("demo") is None
        step.check_lock("demo")
    step.close()


def test_the_tasks_of_one_run_follow_each_other(session, ledger, reopen):
    """Two hosts in one play are two processes: without their turns, a pool of 3 got 6 workers."""
    ledger.create_cluster("demo", "default", "1.36.3", {"provider": "container", "zones": ["a"]})

    def work(number: int) -> int:
        del number
        step = session()
        step.lock("demo")
        there = [machine for machine in step.ledger.machines("demo") if machine.pool == "web"]
        missing = POOL["desired_size"] - len(there)
        time.sleep(0.2)
        record_pool(step, step.cluster("demo"), "web", POOL, Scaling(missing=missing))
        step.close()
        return missing

    results = at_once(4, work)
    assert errors(results) == []
    assert sorted(results) == [0, 0, 0, 3]
    assert len(reopen().machines("demo")) == 3


def test_a_name_is_no_path(session, run, home):
    session().lock("../../../demo")
    assert until(lambda: len(keepers(run)) == 1)
    assert {path.parent for path in home.rglob("*.held")} == {home / "runs" / run.id}


def test_what_runs_left_long_ago_goes(home, run):
    home.mkdir(mode=0o700, exist_ok=True)
    for name, age in (("long-ago", 8), ("lately", 6)):
        (home / "runs" / name).mkdir(parents=True)
        (home / "runs" / name / "x.held").touch()
        os.utime(home / "runs" / name, (time.time() - age * 24 * 3600,) * 2)
    holding = Holding(home, None, run, "demo")
    holding.note()
    assert holding.noted
    holding.end()
    assert [path.name for path in (home / "runs").iterdir()] == ["lately"]
    assert not holding.noted
