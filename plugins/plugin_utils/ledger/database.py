# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database under the ledger: opening it, its schema, transactions, and errors a person can act on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import CskError, Problem
from ..rules.records import Complete, as_it_is
from . import schema

if TYPE_CHECKING:
    from typing import Self

    from sqlalchemy import Connection, Engine

    from ..core.run import Run

SQLITE = "ledger.db"
#: Seconds that a transaction waits for another one to end; each takes milliseconds.
BUSY_TIMEOUT = 30
_POSTGRESQL_MIGRATION_LOCK = 0x63736B  # any number, the same in every csk


class Database:
    """Transactions on one ledger. NullPool: no connection outlives its transaction, so none crosses a fork."""

    def __init__(self, engine: Engine, home: Path, key: str | None, complete: Complete = as_it_is) -> None:
        self._engine = engine
        self._complete = complete
        self._home = home
        self._given_key = key
        self._writers: dict[str, Run | None] = {}  # see Locks.write_as

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.where}>"

    @property
    def where(self) -> str:
        """The ledger's place, without any password."""
        return self._engine.url.set(query={}).render_as_string(hide_password=True)

    @classmethod
    def open(cls, home: str, url: str | None = None, key: str | None = None, complete: Complete = as_it_is) -> Self:
        """Open the ledger in ``home``, or at ``url``; make what is not there yet, bring an older schema up to date.

        :param home: csk_home; made with mode 0700.
        :param url: of a PostgreSQL database; without one it is SQLite in ``home``.
        :param key: the Fernet key of the secrets; else CSK_LEDGER_KEY, else the file ``key`` in ``home``.
        :param complete: completes settings that were recorded before today's options.
        :raises CskError: when the place, the database or its schema can't be used.
        """
        directory = _prepare_home(home)
        if schema.sa is None:
            raise CskError(
                Problem(
                    "csk_home",
                    "the Python package SQLAlchemy is not there.",
                    "the ledger is a database reached through SQLAlchemy.",
                    "install the collection's requirements.txt for the Python that runs ansible-playbook.",
                )
            )
        database = cls(_postgresql(url) if url else _sqlite(directory), directory, key, complete)
        with database._errors():
            database._bring_up_to_date()
        return database

    @classmethod
    def attach(cls, home: str, url: str | None) -> Self | None:
        """A ledger that an other process opened; nothing of it is made or changed. None where it is gone.

        :param home: as an absolute path.
        """
        directory = Path(home)
        if not url and not (directory / SQLITE).exists():
            return None
        return cls(_postgresql(url) if url else _sqlite(directory), directory, None)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        # SQLite: one writer from its first statement on, so that what it has read stays true until it commits.
        # PostgreSQL: the methods lock the row they depend on (FOR UPDATE, which SQLite has no need of).
        engine = self._engine.execution_options(csk_begin="BEGIN IMMEDIATE")
        with self._errors(), engine.begin() as connection:
            yield connection

    def _lock_settings(self, connection: Connection) -> None:
        """Let others that allocate for the whole ledger wait (PostgreSQL; SQLite has one writer anyway)."""
        name = schema.SETTINGS.c.name
        connection.execute(schema.sa.select(name).where(name == "allocation").with_for_update())

    def _now(self, connection: Connection) -> datetime:
        """Return the database server's time where there is one: hosts that share a ledger may differ in theirs."""
        if connection.dialect.name == "postgresql":
            return connection.scalar(schema.sa.select(schema.sa.func.clock_timestamp()))
        return datetime.now(UTC)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except schema.sa.exc.SQLAlchemyError as error:
            # Neither statement nor values: they are no help to the user, and may be secret.
            reason = str(getattr(error, "orig", None) or type(error).__name__).strip()
            raise CskError(
                Problem(
                    "csk_home" if self._engine.dialect.name == "sqlite" else "csk_ledger_url",
                    f"the ledger {self.where} can't be used: {reason}.",
                    "every step reads and writes the ledger.",
                    "see that its place is there, writable, not full, and that no other program keeps it locked.",
                )
            ) from None

    def _version(self, connection: Connection) -> str | None:
        if not schema.sa.inspect(connection).has_table(schema.VERSION_TABLE):
            return None
        return connection.scalar(
            schema.sa.select(schema.sa.column("version_num")).select_from(schema.sa.table(schema.VERSION_TABLE))
        )

    def _bring_up_to_date(self) -> None:
        with self._read() as connection:
            if self._version(connection) == schema.HEAD:
                return
        from .migrate import upgrade

        with self._write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(schema.sa.select(schema.sa.func.pg_advisory_xact_lock(_POSTGRESQL_MIGRATION_LOCK)))
            # Asked again: another process may have done it while this one waited.
            version = self._version(connection)
            if version != schema.HEAD:
                upgrade(connection, version, self.where)


def _prepare_home(home: str) -> Path:
    directory = Path(home).expanduser().absolute()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        mode = stat.S_IMODE(directory.stat().st_mode)
        if mode & 0o022:
            raise CskError(
                Problem(
                    "csk_home",
                    f"others may write to {directory} (mode {mode:04o}).",
                    "csk_home holds keys: only its owner may write there.",
                    "choose another directory, or take the right away (chmod 0700).",
                )
            )
        if mode & 0o077 and not any(directory.iterdir()):
            directory.chmod(0o700)
    except OSError as error:
        raise CskError(
            Problem(
                "csk_home",
                f"{directory} can't be made or used: {error.strerror}.",
                "csk_home is a directory that the user who runs the playbook may write to.",
                "name another one by csk_home or CSK_HOME.",
            )
        ) from error
    return directory


def _sqlite(home: Path) -> Engine:
    sa = schema.sa
    path = home / SQLITE
    try:
        # Before SQLite makes it with the umask's mode; the files that SQLite puts beside it take over the mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise CskError(
            Problem(
                "csk_home",
                f"{path} can't be opened: {error.strerror}.",
                "the ledger is a file in csk_home that the user who runs the playbook may write to.",
                "run as its owner, or name another csk_home.",
            )
        ) from error
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT},
    )

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes late and not before DDL; ours is the one below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("csk_begin", "BEGIN"))

    return engine


def _postgresql(url: str) -> Engine:
    sa = schema.sa
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() != "postgresql":
            raise ValueError(parsed.get_backend_name())
        return sa.create_engine(parsed, poolclass=sa.NullPool, hide_parameters=True)
    except (sa.exc.ArgumentError, ImportError, ValueError) as error:
        missing = isinstance(error, ImportError)
        raise CskError(
            Problem(
                "csk_ledger_url",
                "the Python package psycopg is not there." if missing else "is no URL of a database.",
                "a ledger is SQLite in csk_home, or PostgreSQL through psycopg.",
                "write postgresql://user:password@host:5432/database, and install psycopg.",
            )
        ) from None
