# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process killed by SIGKILL inside a transaction loses nothing of others and leaves nothing of its own."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import NoLedgerError
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import FORK, masters, workers


def killed(work, after: float | None = None, ready=None) -> None:
    """Run ``work`` in a process, and kill it when it is ready or after so many seconds."""
    process = FORK.Process(target=work)
    process.start()
    if ready:
        assert ready.wait(30)
    else:
        time.sleep(after)
    os.kill(process.pid, signal.SIGKILL)
    process.join()


def test_killed_inside_a_transaction(demo, reopen):
    ready = FORK.Event()
    demo.add_machines("demo", masters(3))

    def work() -> None:
        with demo._write() as connection:
            connection.exec_driver_sql("UPDATE clusters SET status = 'deleting'")
            connection.exec_driver_sql("DELETE FROM machines")
            ready.set()
            time.sleep(60)

    killed(work, ready=ready)
    started = time.monotonic()
    ledger = reopen()
    assert (ledger.cluster("demo").status, len(ledger.machines("demo"))) == ("creating", 3)
    ledger.set_status("demo", "ready")
    assert time.monotonic() - started < 5
    assert ledger.cluster("demo").status == "ready"


def test_killed_while_the_schema_is_made(make, reopen, monkeypatch):
    from alembic.runtime.migration import MigrationContext

    ready = FORK.Event()
    run = MigrationContext.run_migrations

    def slow(self, **arguments):
        run(self, **arguments)
        ready.set()
        time.sleep(60)

    with monkeypatch.context() as patched:
        patched.setattr(MigrationContext, "run_migrations", slow)
        killed(make, ready=ready)
    with pytest.raises(NoLedgerError):
        reopen()
    assert make().clusters() == []


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_any_moment(demo, reopen, seed):
    moment = random.Random(seed).uniform(0.005, 0.15)  # noqa: S311 - no secret

    def work() -> None:
        ledger = reopen()
        for number in range(1000):
            ledger.add_machines("demo", workers(3))
            ledger.put_secrets("demo", {f"{number}.crt": b"crt", f"{number}.key": b"key"})
            ledger.delete_machines("demo", [machine.name for machine in ledger.machines("demo")][:3])

    killed(work, after=moment)
    ledger = reopen()
    assert len(ledger.machines("demo")) in (0, 3)
    names = ledger.secret_names("demo")
    assert all(name.replace(".crt", ".key") in names for name in names)
    assert all(ledger.secret("demo", name) == name.split(".")[1].encode() for name in names)
    assert len(ledger.add_machines("demo", workers(2))) == 2
