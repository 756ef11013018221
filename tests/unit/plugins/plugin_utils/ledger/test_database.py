# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening a ledger: places, rights, schema, speed, and errors a person can act on."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
import pytest
import sqlalchemy as sa
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, NoLedgerError, engines, schema
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger.migrate import scripts

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_only_the_owner_gets_in(home):
    old = os.umask(0)
    try:
        ledger = Ledger.make(str(home))
        ledger.check_key()
        with ledger._write() as connection:
            connection.exec_driver_sql("DELETE FROM locks")
            files = {path.name: mode(path) for path in home.iterdir()}
    finally:
        os.umask(old)
    assert files == dict.fromkeys(["ledger.db", "ledger.db-wal", "ledger.db-shm", "key"], 0o600)
    assert mode(home) == 0o700


def test_a_folder_that_is_there(home):
    home.mkdir(mode=0o755)
    Ledger.make(str(home))
    assert mode(home) == 0o700
    home.chmod(0o777)
    with pytest.raises(CskError, match=r"csk_home: others may write to .* \(mode 0777\)"):
        Ledger.make(str(home))


def test_a_folder_of_others_keeps_its_mode(home):
    home.mkdir(mode=0o755)
    (home / "thesis.txt").touch()
    Ledger.make(str(home))
    assert mode(home) == 0o755


def test_a_place_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CskError, match=r"csk_home: .*/file/home can't be made or used: (Not a directory|File exists)"):
        Ledger.make(str(tmp_path / "file" / "home"))
    (tmp_path / "ledger.db").write_text("This is a letter, and no database at all. " * 100)
    with pytest.raises(CskError, match=r"csk_home: the ledger .* can't be used: file is not a database"):
        Ledger.make(str(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hush@h/d",
        "nonsense",
        "sqlite:///x.db",
        "postgresql://u:hush@127.0.0.1:1/d",
        "postgresql://u:p@hush@127.0.0.1:1/d",
        "postgresql://u:p@hush/x@127.0.0.1:1/d",
        "postgresql://u:hush@127.0.0.1:port/d",
        "postgresql://u:hush:hush/hush?hush#hush@127.0.0.1:1/d",
        "postgresql://u:%68ush%40@127.0.0.1:1/d",
        "postgresql://u@127.0.0.1:1/d?password=hush",
        "postgresql://u:hush@127.0.0.1:1/d?connect_timeout=hush",
        "postgresql://u:hush@127.0.0.1:1/d?sslmode=hush&sslpassword=hush",
        "postgresql://u:hush@127.0.0.1:1/d?options=hush&nonsense=hush",
    ],
)
@pytest.mark.parametrize("way", [Ledger.open, Ledger.make])
def test_a_url_that_is_none(home, url, way):
    with pytest.raises(CskError, match="csk_ledger_url: ") as caught:
        way(str(home), url)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)


def test_where_a_ledger_is_has_no_password(home):
    engine = engines.postgresql("postgresql://u:hu%40sh@127.0.0.1:1/d?password=hush&sslpassword=hush")
    assert Ledger(engine, home, None).where == "postgresql+psycopg://u:***@127.0.0.1:1/d"
    assert engines.without_secrets("hu@sh, hush", engine.url) == "***, ***"


@contextmanager
def silent(accepts: bool) -> Iterator[int]:
    """A port that accepts connections and never says anything, or whose queue is full, so that packets are dropped."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(64 if accepts else 0)
        for _number in range(0 if accepts else 4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.parametrize("hosts", [1, 5])
@pytest.mark.parametrize("accepts", [True, False])
def test_a_database_that_never_answers_is_told_in_time(home, monkeypatch, hosts, accepts):
    monkeypatch.setattr(engines, "CONNECT_SECONDS", 3)
    with silent(accepts) as port:
        many = "&".join(f"host=127.0.0.1:{port}" for _number in range(hosts))
        started = time.monotonic()
        with pytest.raises(CskError, match=r"csk_ledger_url: the ledger .*(doesn't answer within 3 s|timeout expired)"):
            Ledger.open(str(home), f"postgresql://u:hush@/d?{many}")
    assert 1 < time.monotonic() - started < 6


def test_a_name_that_is_never_resolved_is_told_in_time(home, monkeypatch):
    monkeypatch.setattr(engines, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_more: time.sleep(30))
    started = time.monotonic()
    with pytest.raises(CskError, match="it doesn't answer within 1 s"):
        Ledger.open(str(home), "postgresql://u:hush@db.example.org/d")
    assert time.monotonic() - started < 4


def test_opening_makes_nothing(home, url, reopen):
    if url:
        (home / "key").unlink()
        home.rmdir()
    place = "postgresql.*/csk_" if url else f"{home}/ledger.db"
    with pytest.raises(NoLedgerError, match=rf"there is no ledger at {place}.*CSK_LEDGER_URL"):
        reopen()
    assert not home.exists()
    if url:
        assert sa.inspect(engines.postgresql(url)).get_table_names() == []


def test_a_file_without_tables_is_no_ledger(home):
    home.mkdir(mode=0o700)
    (home / "ledger.db").touch(mode=0o600)
    with pytest.raises(NoLedgerError):
        Ledger.open(str(home))
    assert Ledger.make(str(home)).clusters() == []
    assert Ledger.open(str(home)).clusters() == []


def test_places_of_an_older_ledger_are_not_known(home):
    home.mkdir(mode=0o700)
    dump = Path(__file__).with_name("ledger_271c6f8.sql").read_text("utf-8")
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        connection.executescript(dump)
    ledger = Ledger.open(str(home))
    assert ledger.cluster("demo").places == {}
    ledger.set_places("demo", {"container": "here"})
    ledger.set_places("demo", {"ns.a.b": "there"})
    assert ledger.cluster("demo").places == {"container": "here", "ns.a.b": "there"}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_places_of_an_older_shared_ledger_are_not_known(ledger, demo, reopen):
    with ledger._write() as connection:
        for column in ("places", "router_id"):
            connection.execute(sa.text(f"ALTER TABLE clusters DROP COLUMN {column}"))
        connection.execute(sa.text("UPDATE schema_version SET version_num = '0004'"))
    assert reopen().cluster("demo").places == {}


def test_sqlalchemy_is_missing(home, monkeypatch):
    monkeypatch.setattr(schema, "sa", None)
    with pytest.raises(CskError, match="the Python package SQLAlchemy is not there"):
        Ledger.make(str(home))


def test_the_migrations_make_the_tables_that_the_code_uses(ledger):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with ledger._read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, schema.METADATA) == []
    assert scripts().get_heads() == [schema.HEAD]


FIRST_LEDGER = """
INSERT INTO clusters VALUES ('id-1', 'demo', 'default', '1.36.3', '{}', 'ready', '172.30.0.0/24', '172.30.0.10', 'x',
    '2026-11-24 12:00:00.000000');
INSERT INTO clusters VALUES ('id-2', 'other', 'default', '1.35.4', '{}', 'ready', '172.30.1.0/24', '172.30.1.10', 'y',
    '2026-11-24 12:00:00.000000');
INSERT INTO machines VALUES ('id-1', 'master-1', 'master', NULL, 1, 'a', '172.30.0.11', 'create',
    '2026-11-24 12:00:00.000000', 'ready');
INSERT INTO machines VALUES ('id-2', 'master-1', 'master', NULL, 1, 'a', '172.30.1.11', 'create',
    '2026-11-24 12:00:00.000000', 'ready')
"""


def test_machines_of_the_first_ledger_have_their_clusters_version(home):
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    home.mkdir(mode=0o700)
    engine = sa.create_engine(f"sqlite:///{home / 'ledger.db'}", poolclass=sa.NullPool)
    revisions = {"version_table": schema.VERSION_TABLE, "fn": lambda old, _: scripts()._upgrade_revs("0001", old)}
    with engine.begin() as connection:
        context = MigrationContext.configure(connection, opts=revisions)
        with Operations.context(context):
            context.run_migrations()
        for statement in FIRST_LEDGER.split(";"):
            connection.exec_driver_sql(statement)
        assert context.get_current_revision() == "0001"
    ledger = Ledger.open(str(home))
    versions = [(machine.cluster, machine.name, machine.version) for machine in ledger.machines()]
    assert versions == [("demo", "master-1", "1.36.3"), ("other", "master-1", "1.35.4")]
    assert {machine.provider for machine in ledger.machines()} == {"container"}
    assert [cluster.upgrade_to for cluster in ledger.clusters()] == [None, None]


def test_machines_of_an_older_ledger_have_their_clusters_provider(home):
    home.mkdir(mode=0o700)
    engine = sa.create_engine(f"sqlite:///{home / 'ledger.db'}", poolclass=sa.NullPool)
    dump = Path(__file__).with_name("ledger_271c6f8.sql").read_text("utf-8")
    with closing(engine.raw_connection()) as connection:
        connection.executescript(dump)
        connection.execute(
            'UPDATE clusters SET spec = replace(spec, \'"provider": "container"\', \'"provider": "ns.a.b"\')'
        )
        connection.commit()
        before = [name for (name,) in connection.execute("SELECT name FROM machines ORDER BY name")]
    ledger = Ledger.open(str(home))
    assert sorted(machine.name for machine in ledger.machines()) == before
    assert {machine.provider for machine in ledger.machines()} == {"ns.a.b"}
    assert ledger.clusters()[0].spec["container"] == {"data_root": "/var/lib/csk"}


def test_a_newer_ledger_is_left_alone(ledger, reopen):
    with ledger._write() as connection:
        connection.execute(sa.text("UPDATE schema_version SET version_num = '9999'"))
    with pytest.raises(CskError, match="has the schema 9999, which this csk doesn't know"):
        reopen()


def test_a_locked_ledger_is_told(home, monkeypatch):
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.1)
    ledger = Ledger.make(str(home))
    with ledger._write(), pytest.raises(CskError, match="can't be used: database is locked"):
        Ledger.open(str(home)).check_key()
    ledger.check_key()


def test_readers_do_not_wait_for_a_writer(home):
    ledger = Ledger.make(str(home))
    with ledger._write() as connection:
        connection.exec_driver_sql("INSERT INTO settings VALUES ('x', 'y')")
        assert Ledger.open(str(home)).clusters() == []


def test_opening_again_is_quick_and_needs_no_alembic(ledger, home, url):
    script = (
        "import sys; from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger\n"
        "Ledger.open(sys.argv[1], sys.argv[2] or None); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script, str(home), url or ""]
    assert subprocess.check_output(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True) == "False\n"
    started = time.process_time()  # a busy machine doesn't count
    for _time in range(10):
        Ledger.open(str(home), url)
    assert (time.process_time() - started) / 10 < 0.05
