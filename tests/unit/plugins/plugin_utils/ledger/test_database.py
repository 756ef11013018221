# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening a ledger: places, rights, schema, speed, and errors a person can act on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
import pytest
import sqlalchemy as sa
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, schema
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger.migrate import scripts

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_only_the_owner_gets_in(home):
    old = os.umask(0)
    try:
        ledger = Ledger.open(str(home))
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
    Ledger.open(str(home))
    assert mode(home) == 0o700
    home.chmod(0o777)
    with pytest.raises(CskError, match=r"csk_home: others may write to .* \(mode 0777\)"):
        Ledger.open(str(home))


def test_a_folder_of_others_keeps_its_mode(home):
    home.mkdir(mode=0o755)
    (home / "thesis.txt").touch()
    Ledger.open(str(home))
    assert mode(home) == 0o755


def test_a_place_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CskError, match=r"csk_home: .*/file/home can't be made or used: (Not a directory|File exists)"):
        Ledger.open(str(tmp_path / "file" / "home"))
    (tmp_path / "ledger.db").write_text("This is a letter, and no database at all. " * 100)
    with pytest.raises(CskError, match=r"csk_home: the ledger .* can't be used: file is not a database"):
        Ledger.open(str(tmp_path))


@pytest.mark.parametrize(
    "url", ["mysql://u:hush@h/d", "nonsense", "sqlite:///x.db", "postgresql://u:hush@127.0.0.1:1/d"]
)
def test_a_url_that_is_none(home, url):
    with pytest.raises(CskError, match="csk_ledger_url: ") as caught:
        Ledger.open(str(home), url)
    assert "hush" not in str(caught.value)


def test_sqlalchemy_is_missing(home, monkeypatch):
    monkeypatch.setattr(schema, "sa", None)
    with pytest.raises(CskError, match="the Python package SQLAlchemy is not there"):
        Ledger.open(str(home))


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
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import database

    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.1)
    ledger = Ledger.open(str(home))
    with ledger._write(), pytest.raises(CskError, match="can't be used: database is locked"):
        Ledger.open(str(home)).check_key()
    ledger.check_key()


def test_readers_do_not_wait_for_a_writer(home):
    ledger = Ledger.open(str(home))
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
