# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new ledger for each test, on SQLite and, where its programs are found, on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, keyfile
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger import postgresql

SERVER = pytest.StashKey[str | None]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start PostgreSQL once, before the tests: ansible-test runs each in a fork, which never ends a fixture's work."""
    if SERVER not in config.stash and any("postgresql" in item.name for item in items):
        config.stash[SERVER] = postgresql.start(config.add_cleanup) if not config.option.collectonly else None


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in ("CSK_HOME", "CSK_LEDGER_URL", "CSK_LEDGER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path, home) -> Iterator[str | None]:
    """What Ledger.make takes: None for SQLite, or the URL of a new, empty database, for which home has the key."""
    if request.param == "sqlite":
        yield None
        return
    import sqlalchemy as sa

    server = request.config.stash[SERVER]
    if server is None:
        pytest.skip("PostgreSQL's programs or psycopg are not there")
    name = f"csk_{os.getpid()}_{abs(hash(tmp_path))}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    home.mkdir(mode=0o700)
    keyfile.create(home / "key")
    yield server.replace("/postgres?", f"/{name}?")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def reopen(home, url) -> Callable[[], Ledger]:
    """Open the test's ledger, as another process would."""
    return lambda: Ledger.open(str(home), url)


@pytest.fixture
def make(home, url) -> Callable[[], Ledger]:
    """Open the test's ledger, or make it, as another process would."""
    return lambda: Ledger.make(str(home), url)


@pytest.fixture
def ledger(make) -> Ledger:
    return make()


@pytest.fixture
def demo(ledger) -> Ledger:
    """A ledger with the cluster demo and its pool default."""
    ledger.create_cluster("demo", "default", "1.36.3", {"provider": "container"})
    ledger.put_pool("demo", "default", {"desired_size": 2})
    return ledger
