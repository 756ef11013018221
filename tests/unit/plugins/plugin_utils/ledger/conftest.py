# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new ledger for each test, on SQLite and, where its programs are found, on PostgreSQL."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("CSK_HOME", "CSK_LEDGER_URL", "CSK_LEDGER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory) -> Iterator[str]:
    """The URL of a server with the database postgres, listening on a socket only."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "")]
    programs = found[-1].parent
    if not (programs / "initdb").exists():
        pytest.skip("PostgreSQL's initdb is not there")
    pytest.importorskip("psycopg")
    # The server refuses to run as root, and its socket's path must be short.
    user = "postgres" if os.getuid() == 0 else getpass.getuser()
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/csk-pg.XXXXXX"], text=True).strip())
    os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    options = f"-c listen_addresses='' -k {folder} -c max_connections=100 -c fsync=off"

    def run(program: str, *arguments: str) -> None:
        command = [programs / program, "-D", folder / "data", *arguments]
        subprocess.run(command, user=user, cwd="/", check=True, stdout=subprocess.DEVNULL)

    run("initdb", "-U", "csk", "--auth=trust")
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://csk@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> Iterator[str | None]:
    """What Ledger.open takes: None for SQLite, or the URL of a new, empty database."""
    if request.param == "sqlite":
        yield None
        return
    import sqlalchemy as sa

    server = request.getfixturevalue("postgresql")
    name = f"csk_{os.getpid()}_{abs(hash(tmp_path))}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def reopen(home, url) -> Callable[[], Ledger]:
    """Open the test's ledger, as another process would."""
    return lambda: Ledger.open(str(home), url)


@pytest.fixture
def ledger(reopen) -> Ledger:
    return reopen()


@pytest.fixture
def demo(ledger) -> Ledger:
    """A ledger with the cluster demo and its pool default."""
    ledger.create_cluster("demo", "default", "1.36.3", {"provider": "container"})
    ledger.put_pool("demo", "default", {"desired_size": 2})
    return ledger
