# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's log: who did what, when, with which result, in how many seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from . import schema as t
from .database import Database


@dataclass(frozen=True)
class Operation:
    """One line of the log. ``seconds`` is how long it took; ``details`` is JSON values, without secrets."""

    cluster: str
    action: str
    who: str
    at: datetime
    result: str
    seconds: float
    details: dict[str, Any]


class Operations(Database):
    """Writing and reading the log."""

    def operation(
        self, cluster: str, action: str, who: str, result: str, seconds: float, details: dict[str, Any] | None = None
    ) -> None:
        """Append to the log; the cluster need not exist (any more)."""
        values = {"cluster": cluster, "action": action, "who": who, "result": result, "seconds": seconds}
        with self._write() as connection:
            now = self._now(connection)
            connection.execute(t.OPERATIONS.insert().values(**values, at=now, details=details or {}))

    def operations(self, cluster: str, limit: int = 20) -> list[Operation]:
        """Return the cluster's last operations, newest first."""
        query = (
            t.sa.select(*[column for column in t.OPERATIONS.c if column.name != "id"])
            .where(t.OPERATIONS.c.cluster == cluster)
            .order_by(t.OPERATIONS.c.id.desc())
            .limit(limit)
        )
        with self._read() as connection:
            return [Operation(**row._mapping) for row in connection.execute(query)]
