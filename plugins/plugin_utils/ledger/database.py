# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database under the ledger: opening it, its schema, transactions, and errors a person can act on."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CskError, Problem
from ..rules.records import Complete, as_it_is
from . import engines, schema

if TYPE_CHECKING:
    from typing import Self

    from sqlalchemy import Connection, Engine

    from ..core.run import Run

FILE = "ledger.db"  # in csk_home
_POSTGRESQL_MIGRATION_LOCK = 0x63736B  # any number, the same in every csk


class NoLedgerError(CskError):
    """There is no ledger where one was looked for, which is ``where``."""

    def __init__(self, where: str) -> None:
        rule = "only the playbooks create and rebuild make a ledger; all others work with one that is there."
        fix = (
            "name its csk_home or csk_ledger_url (variables, or CSK_HOME, CSK_LEDGER_URL); in AWX, give the job its "
            "credential."
        )
        super().__init__(Problem("csk_home, csk_ledger_url", f"there is no ledger at {where}.", rule, fix))
        self.where = where


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
        url = self._engine.url
        return str(url.database) if url.drivername == "sqlite" else url.set(query={}).render_as_string()

    @classmethod
    def open(cls, home: str, url: str | None = None, key: str | None = None, complete: Complete = as_it_is) -> Self:
        """Open the ledger in ``home``, or at ``url``, and bring an older schema up to date. Nothing else is made.

        :param home: csk_home.
        :param url: of a PostgreSQL database; without one it is SQLite in ``home``.
        :param key: the Fernet key of the secrets; else CSK_LEDGER_KEY, else the file ``key`` in ``home``.
        :param complete: completes settings that were recorded before today's options.
        :raises NoLedgerError: when there is none.
        :raises CskError: when the place, the database or its schema can't be used.
        """
        _needs_sqlalchemy()
        directory = Path(home).expanduser().absolute()
        file = directory / FILE
        if not url and not file.exists():
            raise NoLedgerError(str(file))
        if not url:
            _check_home(directory)
        database = cls(engines.postgresql(url) if url else engines.sqlite(file), directory, key, complete)
        with database._errors():
            database._bring_up_to_date(make=False)
        return database

    @classmethod
    def make(cls, home: str, url: str | None = None, key: str | None = None, complete: Complete = as_it_is) -> Self:
        """Open a ledger like :meth:`open`; make what isn't there yet: ``home`` with mode 0700, the file, the tables.

        :raises CskError: when the place, the database or its schema can't be used.
        """
        _needs_sqlalchemy()
        directory = Path(home).expanduser().absolute()
        _make_home(directory)
        database = cls(engines.postgresql(url) if url else engines.sqlite(directory / FILE), directory, key, complete)
        with database._errors():
            database._bring_up_to_date(make=True)
        return database

    @classmethod
    def attach(cls, home: str, url: str | None) -> Self | None:
        """A ledger that an other process opened; nothing of it is made or changed. None where it is gone.

        :param home: as an absolute path.
        """
        directory = Path(home)
        if not url and not (directory / FILE).exists():
            return None
        return cls(engines.postgresql(url) if url else engines.sqlite(directory / FILE), directory, None)

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
            said = str(getattr(error, "orig", None) or type(error).__name__).strip()
            reason = engines.without_secrets(said, self._engine.url)
            variable, fix = "csk_home", "is there, writable, not full, and that no other program keeps it locked."
            if self._engine.dialect.name != "sqlite":
                variable, fix = "csk_ledger_url", "runs, that it is reached from here, and that it lets this user in."
            what, rule = f"the ledger {self.where} can't be used: {reason}.", "every step reads and writes the ledger."
            raise CskError(Problem(variable, what, rule, f"see that its place {fix}")) from None

    def _version(self, connection: Connection) -> str | None:
        if not schema.sa.inspect(connection).has_table(schema.VERSION_TABLE):
            return None
        return connection.scalar(
            schema.sa.select(schema.sa.column("version_num")).select_from(schema.sa.table(schema.VERSION_TABLE))
        )

    def _bring_up_to_date(self, make: bool) -> None:
        """Bring the schema up to date.

        :param make: whether one is made where there is none.
        """
        with self._read() as connection:
            version = self._version(connection)
        if version == schema.HEAD:
            return
        if version is None and not make:
            raise NoLedgerError(self.where)
        from .migrate import upgrade

        with self._write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(schema.sa.select(schema.sa.func.pg_advisory_xact_lock(_POSTGRESQL_MIGRATION_LOCK)))
            # Asked again: another process may have done it while this one waited.
            version = self._version(connection)
            if version != schema.HEAD:
                upgrade(connection, version, self.where)


def _needs_sqlalchemy() -> None:
    if schema.sa is None:
        raise CskError(
            Problem(
                "csk_home",
                "the Python package SQLAlchemy is not there.",
                "the ledger is a database reached through SQLAlchemy.",
                "install the collection's requirements.txt for the Python that runs ansible-playbook.",
            )
        )


def _make_home(directory: Path) -> None:
    with _home_errors(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        _check_home(directory)
        if stat.S_IMODE(directory.stat().st_mode) & 0o077 and not any(directory.iterdir()):
            directory.chmod(0o700)


def _check_home(directory: Path) -> None:
    """Refuse a folder that others may write to."""
    with _home_errors(directory):
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


@contextmanager
def _home_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CskError(
            Problem(
                "csk_home",
                f"{directory} can't be made or used: {error.strerror}.",
                "csk_home is a directory that the user who runs the playbook may write to.",
                "name another one by csk_home or CSK_HOME.",
            )
        ) from error
