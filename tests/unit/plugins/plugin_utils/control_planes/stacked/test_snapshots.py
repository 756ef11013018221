# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of snapshots: their names, which ones go, and what is read of them."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.manifest import sha256
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_planes.stacked import snapshots
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger

MOMENT = datetime(2026, 11, 24, 12, 0, 5, 999, tzinfo=UTC)
FIRST = snapshots.file_name("demo", MOMENT)


@pytest.fixture
def session(tmp_path):
    """A session with a ledger, its key, and a csk_home."""
    home = tmp_path / "home"
    ledger = Ledger.make(str(home))
    return SimpleNamespace(
        ledger=ledger, home=home, run=SimpleNamespace(id="this-run"), folder=lambda name: home / "clusters" / name
    )


@pytest.fixture
def folder(tmp_path):
    """Where snapshots are kept."""
    made = tmp_path / "snapshots"
    made.mkdir()
    return made


def taken(session, folder, name=FIRST, content=b"database", encrypted=True, **more):
    """A snapshot that was put into its place, as csk_snapshot does it."""
    with snapshots.workplace(session, "demo") as work:
        received = work / name
        received.write_bytes(content)
        about = snapshots.Snapshot("demo", "some-id", "1.36.3", "", 4711, 300, MOMENT.isoformat(), ["master-1"])
        about = replace(about, encrypted=encrypted, **more)
        path = snapshots.write(session, folder, received, about, name)
    return replace(about, sha256=sha256(path)), path


@pytest.mark.parametrize(
    ("cluster", "moment", "name"),
    [
        ("demo", MOMENT, "demo-20261124T120005Z.db"),
        ("demo-2", MOMENT, "demo-2-20261124T120005Z.db"),
        ("demo", MOMENT.astimezone(timezone(timedelta(hours=13))), "demo-20261124T120005Z.db"),
        ("demo", datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC), "demo-20270102T030405Z.db"),
    ],
)
def test_a_files_name(cluster, moment, name):
    assert snapshots.file_name(cluster, moment) == name


def test_what_is_superseded_is_removed_with_the_file_beside_it(session, folder):
    names = [snapshots.file_name("demo", MOMENT + timedelta(days=day)) for day in range(5)]
    for name in (*names, snapshots.file_name("demo-2", MOMENT)):
        taken(session, folder, name)
    (folder / names[0]).with_suffix(".json").unlink()  # no longer whole: it neither counts nor goes
    (folder / names[1]).with_suffix(".json").write_text("{}")
    about = json.loads((folder / names[2]).with_suffix(".json").read_text())
    (folder / names[2]).with_suffix(".json").write_text(json.dumps(about | {"cluster_id": "an-earlier-one"}))
    before = {path.name for path in folder.iterdir()}
    assert snapshots.remove_superseded(folder, "demo", "some-id", 2) == []
    assert snapshots.remove_superseded(folder, "demo", "some-id", 1) == [names[3]]
    gone = {names[3], names[3].replace(".db", ".json")}
    assert {path.name for path in folder.iterdir()} == before - gone


def test_attempts_at_an_upgrade_push_nothing_out(session, folder):
    names = [snapshots.file_name("demo", MOMENT + timedelta(days=day)) for day in range(9)]
    for number, name in enumerate(names):
        taken(session, folder, name, upgrade_to="1.37.2" if number > 2 else "")
        snapshots.remove_superseded(folder, "demo", "some-id", 3)
    assert sorted(path.name for path in folder.glob("*.db")) == [*names[:4], names[-1]]


@pytest.mark.parametrize("encrypted", [True, False])
def test_what_is_written_is_read_back(session, folder, tmp_path, encrypted):
    old = os.umask(0)
    try:
        about, path = taken(session, folder, content=b"database" * 300_000, encrypted=encrypted)
        target = tmp_path / "back"
        snapshots.unsealed(session, path, target, "csk_snapshot")
    finally:
        os.umask(old)
    assert path == folder / FIRST
    assert (b"database" in path.read_bytes()) is not encrypted
    assert target.read_bytes() == b"database" * 300_000
    assert snapshots.opens_to(session, path, "csk_snapshot") == sha256(target)
    assert snapshots.read(path, "csk_snapshot") == about
    modes = {file.name: file.stat().st_mode & 0o777 for file in [*folder.iterdir(), target]}
    assert modes == {FIRST: 0o600, FIRST.replace(".db", ".json"): 0o600, "back": 0o600}
    assert list((session.home / "clusters" / "demo").iterdir()) == []


def test_one_that_an_earlier_csk_took(session, folder):
    path = folder / FIRST
    path.write_bytes(b"database")
    known = {"cluster": "demo", "cluster_id": "some-id", "version": "1.36.3", "sha256": sha256(path), "revision": 1}
    more = {"keys": 1, "taken_at": MOMENT.isoformat(), "nodes": ["master-1"]}
    path.with_suffix(".json").write_text(json.dumps(known | more))
    assert not snapshots.read(path, "csk_snapshot").encrypted
    assert snapshots.opens_to(session, path, "csk_snapshot") == sha256(path)


def test_another_ledgers_key_does_not_open_it(session, folder, tmp_path):
    _about, path = taken(session, folder)
    other = SimpleNamespace(ledger=Ledger.make(str(tmp_path / "other")))
    with pytest.raises(CskError, match="csk_snapshot: can't be opened: it was sealed by another ledger's key"):
        snapshots.opens_to(other, path, "csk_snapshot")


def test_a_disk_that_loses_something(session, folder, monkeypatch):
    monkeypatch.setattr(snapshots, "opens_to", lambda *_: "another digest")
    with pytest.raises(CskError, match="isn't what was written"):
        taken(session, folder)
    assert list(folder.iterdir()) == []


def test_what_a_killed_run_left_goes(session):
    place = session.folder("demo")
    for name in (".snapshot-killed-1", ".snapshot-this-run-1", "kubeconfig"):
        (place / name).mkdir(parents=True)
    with snapshots.workplace(session, "demo") as work:
        assert work.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in place.iterdir()} == {".snapshot-this-run-1", "kubeconfig"}


def test_an_altered_file(session, folder):
    about, path = taken(session, folder)
    path.write_bytes(b"Database")
    with pytest.raises(CskError, match=f"csk_snapshot: .*{FIRST} was altered: its digest isn't {about.sha256}"):
        snapshots.read(path, "csk_snapshot")


@pytest.mark.parametrize("suffix", [".json", ".db"])
def test_one_of_the_two_files_is_missing(session, folder, suffix):
    _about, path = taken(session, folder)
    path.with_suffix(suffix).unlink()
    with pytest.raises(CskError, match=f"csk_snapshot: .*{FIRST} can't be used: .*No such file"):
        snapshots.read(path, "csk_snapshot")


@pytest.mark.parametrize(
    "change", [lambda _known: [], lambda known: known | {"more": 1}, lambda known: {"sha256": known["sha256"]}]
)
def test_the_file_beside_it_is_of_another_form(session, folder, change):
    _about, path = taken(session, folder)
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps(change(json.loads(beside.read_text()))))
    with pytest.raises(CskError, match="can't be used"):
        snapshots.read(path, "csk_snapshot")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_the_file_beside_it_is_broken(session, folder, content):
    _about, path = taken(session, folder)
    path.with_suffix(".json").write_bytes(content)
    with pytest.raises(CskError, match="can't be used"):
        snapshots.read(path, "csk_snapshot")
