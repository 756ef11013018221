# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the schema up to date by Alembic. A file of its own, as importing Alembic costs 0.3 s."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CskError, Problem
from .schema import VERSION_TABLE

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection


def scripts() -> ScriptDirectory:
    """Return the migrations."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(Path(__file__).parent / "migrations"))


def upgrade(connection: Connection, version: str | None, where: str) -> None:
    """Run, in the connection's transaction, what leads from ``version`` (None: an empty database) to the newest schema.

    :raises CskError: when the schema is a newer csk's.
    """
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    directory = scripts()
    if version and version not in {script.revision for script in directory.walk_revisions()}:
        raise CskError(
            Problem(
                "csk_home, csk_ledger_url",
                f"the ledger {where} has the schema {version}, which this csk doesn't know.",
                "a ledger is brought up to date by the newest csk that uses it, and an older one can't use it then.",
                "update the collection csk.kubernetes.",
            )
        )
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "fn": lambda revision, _context: directory._upgrade_revs("head", revision),
        },
    )
    with Operations.context(context):
        context.run_migrations()
