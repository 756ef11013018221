# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's locks: one run at a time works on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.errors import CskError, Problem
from ..core.run import Run
from . import schema as t
from .database import Database

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

#: A run elsewhere that hasn't renewed its lock for so long counts as dead.
EXPIRY = timedelta(minutes=10)


@dataclass(frozen=True)
class LockResult:
    """:param taken_over_from: what to tell the user about the run whose lock was taken over, if one was."""

    taken_over_from: str | None = None


class Locks(Database):
    """Locks by the cluster's name, so that they hold before the cluster is there and after it is gone."""

    def lock(self, cluster: str, run: Run, take_over: bool = False) -> LockResult:
        """Lock the cluster for the run; a lock that the run has already is renewed.

        The lock of a run whose process on this host is gone, or of a run elsewhere that hasn't renewed it for ten
        minutes, is taken over.

        :param take_over: also take it over from a run elsewhere that may be alive (csk_take_over).
        :raises CskError: when another run has it.
        """
        with self._write() as connection:
            now = self._now(connection)
            values = vars(run) | {"run_id": run.id, "since": now, "renewed_at": now}
            mine = t.LOCKS.c.cluster == cluster
            row = None
            while row is None:  # between the two statements its owner may give it back
                if _insert(connection, {"cluster": cluster} | values):
                    return LockResult()
                row = connection.execute(t.sa.select(t.LOCKS).where(mine).with_for_update()).first()
            if row.run_id == run.id:
                connection.execute(t.LOCKS.update().where(mine).values(renewed_at=now))
                return LockResult()
            reason = _takeover_reason(row, run, now, take_over)
            connection.execute(t.LOCKS.update().where(mine).values(**values))
            return LockResult(f"{_describe(row)}: {reason}")

    def renew(self, cluster: str, run: Run) -> None:
        """Say that the run still works on the cluster.

        :raises CskError: when it no longer has the lock; then it must stop.
        """
        with self._write() as connection:
            mine = (t.LOCKS.c.cluster == cluster) & (t.LOCKS.c.run_id == run.id)
            now = self._now(connection)
            if connection.execute(t.LOCKS.update().where(mine).values(renewed_at=now)).rowcount == 0:
                row = connection.execute(t.sa.select(t.LOCKS).where(t.LOCKS.c.cluster == cluster)).first()
                what = f"has been taken over by {_describe(row)}" if row else "is no longer there"
                raise CskError(
                    Problem(
                        f"the lock of the cluster {cluster!r}",
                        f"it {what}.",
                        "one run at a time works on a cluster.",
                        "let the other run end, then run this playbook again.",
                    )
                )

    def unlock(self, cluster: str, run: Run) -> None:
        """Give the run's lock back. One that it doesn't have is no error."""
        with self._write() as connection:
            connection.execute(t.LOCKS.delete().where(t.LOCKS.c.cluster == cluster, t.LOCKS.c.run_id == run.id))


def _insert(connection: Connection, values: dict) -> bool:
    """Insert the lock's row, and return whether there was none."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert
    return connection.execute(insert(t.LOCKS).values(**values).on_conflict_do_nothing()).rowcount == 1


def _takeover_reason(row: Row, run: Run, now: datetime, take_over: bool) -> str:
    """Return why the lock may be taken over from the run of ``row``, or raise CskError."""
    other = Run(row.host, row.boot_id, row.pid, row.started)
    if run.is_here(other):
        if other.is_gone():
            return "its process is gone"
        fix = f"wait until it has ended; if it hangs, end it (kill {other.pid}) and run this playbook again."
    elif now - row.renewed_at > EXPIRY:
        return f"it hasn't renewed its lock for more than {EXPIRY.seconds // 60} minutes"
    elif take_over:
        return "csk_take_over was given"
    else:
        fix = (
            f"wait until it has ended, or {EXPIRY.seconds // 60} minutes after its last sign of life; if you know that "
            "it is dead, run this playbook with -e csk_take_over=true."
        )
    raise CskError(
        Problem(
            f"the lock of the cluster {row.cluster!r}",
            f"another run works on this cluster: {_describe(row)}.",
            "one run at a time works on a cluster.",
            fix,
        )
    )


def _describe(row: Row) -> str:
    return (
        f"run {row.run_id} on host {row.host}, pid {row.pid}, since {_time(row.since)}, "
        f"last renewed {_time(row.renewed_at)}"
    )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
