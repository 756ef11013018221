# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's locks: one run at a time works on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import CskError, Problem
from ..core.run import Run
from ..rules import locking
from ..rules.locking import Held
from . import schema as t
from .database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


@dataclass(frozen=True)
class LockResult:
    """:param taken_over_from: what to tell the user about the run whose lock was taken over, if one was."""

    taken_over_from: str | None = None


class Locks(Database):
    """Locks by the cluster's name, so that they hold before the cluster is there and after it is gone."""

    def lock(self, cluster: str, run: Run, take_over: bool = False) -> LockResult:
        """Lock the cluster for the run; a lock that the run has already is renewed.

        The lock of a run whose process on this host is gone, or of a run elsewhere that hasn't renewed it for two
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
            held = _held(row)
            here = run.is_here(held.run)
            reason = locking.why_free(held, here, here and held.run.is_gone(), now, take_over)
            if isinstance(reason, Problem):
                raise CskError(reason)
            connection.execute(t.LOCKS.update().where(mine).values(**values))
            return LockResult(f"{held.told(now)}: {reason}")

    def renewed(self, cluster: str, run: Run) -> bool:
        """Say that the run still works on the cluster; whether it has the lock."""
        with self._write() as connection:
            mine = (t.LOCKS.c.cluster == cluster) & (t.LOCKS.c.run_id == run.id)
            values = {"renewed_at": self._now(connection)}
            return connection.execute(t.LOCKS.update().where(mine).values(**values)).rowcount == 1

    def renew(self, cluster: str, run: Run) -> None:
        """Say that the run still works on the cluster.

        :raises CskError: when it no longer has the lock; then it must stop.
        """
        if not self.renewed(cluster, run):
            raise CskError(locking.lost(cluster, self.lock_of(cluster)))

    def lock_of(self, cluster: str) -> Held | None:
        """Return who has the cluster's lock."""
        with self._read() as connection:
            row = connection.execute(t.sa.select(t.LOCKS).where(t.LOCKS.c.cluster == cluster)).first()
        return _held(row) if row else None

    def check_lock(self, cluster: str, run: Run) -> None:
        """See that the run has the lock, before it changes something outside of the ledger.

        :raises CskError: when it no longer has it; then it must stop.
        """
        held = self.lock_of(cluster)
        if held is None or held.run.id != run.id:
            raise CskError(locking.lost(cluster, held))

    def write_as(self, cluster: str, run: Run | None) -> None:
        """Have every write that this object does to a cluster's record fail where the run has lost the lock.

        :param run: the run that has the lock; None: whoever writes.
        """
        self._writers[cluster] = run

    def unlock(self, cluster: str, run: Run) -> None:
        """Give the run's lock back. One that it doesn't have is no error."""
        with self._write() as connection:
            connection.execute(t.LOCKS.delete().where(t.LOCKS.c.cluster == cluster, t.LOCKS.c.run_id == run.id))

    def _may_write(self, connection: Connection, cluster: str) -> None:
        """Keep the lock with its run until the transaction ends.

        :raises CskError: where it isn't the run's for which this object writes.
        """
        run = self._writers.get(cluster)
        if run is not None:
            query = t.sa.select(t.LOCKS).where(t.LOCKS.c.cluster == cluster)
            row = connection.execute(query.with_for_update()).first()
            if row is None or row.run_id != run.id:
                raise CskError(locking.lost(cluster, _held(row) if row else None))


def _insert(connection: Connection, values: dict) -> bool:
    """Insert the lock's row, and return whether there was none."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert
    return connection.execute(insert(t.LOCKS).values(**values).on_conflict_do_nothing()).rowcount == 1


def _held(row: Row) -> Held:
    return Held(row.cluster, Run(row.host, row.boot_id, row.pid, row.started), row.since, row.renewed_at)
