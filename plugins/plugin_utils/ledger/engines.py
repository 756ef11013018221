# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLAlchemy's engines for the two kinds of ledger: SQLite in csk_home, and a PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from ..core.errors import CskError, Problem
from . import schema

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

#: Seconds that a transaction on SQLite waits for another one to end; each takes milliseconds.
BUSY_TIMEOUT = 30
#: Seconds in which a PostgreSQL answers: names resolved, all its hosts tried.
CONNECT_SECONDS = 8
_LEAST_SECONDS = 2  # for one host; libpq knows no shorter time
# What of a URL's query is as secret as its password.
_SECRET = ("password", "sslpassword")


def sqlite(path: Path) -> Engine:
    """An engine for the file, which is there or is made.

    :raises CskError: when it can't be opened.
    """
    sa = schema.sa
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


def postgresql(url: str) -> Engine:
    """An engine for a URL; nothing is connected yet.

    :raises CskError: when it is no such URL, without any part of it, or psycopg isn't there.
    """
    sa = schema.sa
    if url.count("@") > 1:
        # Which one ends the password can't be known, and its end would be taken for a host, and shown.
        what, rule = "has more than one @.", "in a URL, @ stands between the password and the host, and nowhere else."
        fix = "write a password's @ as %40 (and its % as %25, : as %3A, / as %2F)."
        raise CskError(Problem("csk_ledger_url", what, rule, fix))
    try:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() != "postgresql":
            raise ValueError(parsed.get_backend_name())
        engine = sa.create_engine(parsed, poolclass=sa.NullPool, hide_parameters=True, connect_args=_waits(parsed))
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

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: Any, args: Any, keywords: Any) -> Any:
        late = dialect.dbapi.OperationalError(f"it doesn't answer within {CONNECT_SECONDS} s")
        return _within(CONNECT_SECONDS, lambda: dialect.connect(*args, **keywords), late)

    return engine


def without_secrets(text: str, url: URL) -> str:
    """A driver's words without the passwords that it may have been given by the URL."""
    secrets = [str(url.password or "")]
    for key, value in url.query.items():
        if key in _SECRET:
            secrets += [value] if isinstance(value, str) else value
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


def _waits(url: URL) -> dict[str, Any]:
    """How long what is waited for: for each host, and for a server that was connected and says nothing any more."""
    hosts = url.query.get("host", "")
    count = len((hosts if isinstance(hosts, str) else ",".join(hosts)).split(","))
    waits = {
        "connect_timeout": max(CONNECT_SECONDS // count, _LEAST_SECONDS),
        "tcp_user_timeout": CONNECT_SECONDS * 1000,
        "keepalives_idle": _LEAST_SECONDS,
        "keepalives_interval": _LEAST_SECONDS,
        "keepalives_count": 3,
    }
    return {name: value for name, value in waits.items() if name not in url.query}


def _within(seconds: float, connect: Callable[[], Any], late: Exception) -> Any:
    """What ``connect`` returns or raises; ``late`` where it does neither in time.

    In a thread, because nothing else bounds the resolution of a name, nor the sum over a name's addresses.
    """
    answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
    given_up = Event()

    def work() -> None:
        try:
            connection = connect()
        except BaseException as error:  # told to who waits
            answers.put((None, error))
            return
        if given_up.is_set():
            connection.close()
        answers.put((connection, None))

    Thread(target=work, daemon=True).start()
    try:
        connection, error = answers.get(timeout=seconds)
    except Empty:
        given_up.set()
        raise late from None
    if error is not None:
        raise error
    return connection
