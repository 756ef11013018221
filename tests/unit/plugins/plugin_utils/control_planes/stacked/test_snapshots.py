# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of snapshots: their names, which ones go, and what is read of them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.manifest import sha256
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_planes.stacked import snapshots
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError

MOMENT = datetime(2026, 11, 24, 12, 0, 5, 999, tzinfo=UTC)
FIRST, SECOND, THIRD = (snapshots.file_name("demo", MOMENT + timedelta(days=day)) for day in (0, 1, 40))
OTHERS = [
    snapshots.file_name("demo-2", MOMENT),
    snapshots.file_name("demo-20261124t120005z", MOMENT),
    snapshots.file_name("demos", MOMENT),
    snapshots.file_name("my-demo", MOMENT),
    "demo-.db",
    "demo.db",
    f".{FIRST}.new",
]


def taken(folder, name=FIRST, content=b"database"):
    """A snapshot that was put into its place, as csk_snapshot does it."""
    received = folder / f".{name}.new"
    received.touch(mode=0o600)
    received.write_bytes(content)
    about = snapshots.Snapshot(
        "demo", "some-id", "1.36.3", sha256(received), 4711, 300, MOMENT.isoformat(), ["master-1"]
    )
    return about, snapshots.write(folder, received, about, name)


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


@pytest.mark.parametrize(
    ("kept", "going"),
    [(0, [FIRST, SECOND, THIRD]), (1, [FIRST, SECOND]), (2, [FIRST]), (3, []), (9, [])],
)
def test_the_newest_of_a_cluster_stay(kept, going):
    assert snapshots.superseded([*OTHERS, THIRD, FIRST, SECOND], "demo", kept) == going


@pytest.mark.parametrize("cluster", ["demo-2", "demos", "my-demo", "demo-20261124t120005z"])
def test_each_cluster_has_its_own(cluster):
    mine = snapshots.file_name(cluster, MOMENT)
    assert snapshots.superseded([*OTHERS, FIRST, SECOND, THIRD], cluster, 0) == [mine]
    assert snapshots.superseded([*OTHERS, FIRST, SECOND, THIRD], cluster, 1) == []


def test_what_is_superseded_is_removed_with_the_file_beside_it(tmp_path):
    for name in (FIRST, SECOND, THIRD, OTHERS[0]):
        taken(tmp_path, name)
    (tmp_path / FIRST).with_suffix(".json").unlink()
    assert snapshots.remove_superseded(tmp_path, "demo", 1) == [FIRST, SECOND]
    left = {name.removesuffix(".db") + suffix for name in (THIRD, OTHERS[0]) for suffix in (".db", ".json")}
    assert {path.name for path in tmp_path.iterdir()} == left
    assert snapshots.remove_superseded(tmp_path, "demo", 1) == []


def test_what_is_written_is_read_back(tmp_path):
    old = os.umask(0)
    try:
        about, path = taken(tmp_path)
    finally:
        os.umask(old)
    assert path == tmp_path / FIRST
    assert path.read_bytes() == b"database"
    assert snapshots.read(path, "csk_snapshot") == about
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {FIRST: 0o600, FIRST.replace(".db", ".json"): 0o600}


def test_an_altered_file(tmp_path):
    about, path = taken(tmp_path)
    path.write_bytes(b"Database")
    with pytest.raises(CskError, match=f"csk_snapshot: .*{FIRST} was altered: its digest isn't {about.sha256}"):
        snapshots.read(path, "csk_snapshot")


@pytest.mark.parametrize("suffix", [".json", ".db"])
def test_one_of_the_two_files_is_missing(tmp_path, suffix):
    _about, path = taken(tmp_path)
    path.with_suffix(suffix).unlink()
    with pytest.raises(CskError, match=f"csk_snapshot: .*{FIRST} can't be used: .*No such file"):
        snapshots.read(path, "csk_snapshot")


@pytest.mark.parametrize(
    "change", [lambda _known: [], lambda known: known | {"more": 1}, lambda known: {"sha256": known["sha256"]}]
)
def test_the_file_beside_it_is_of_another_form(tmp_path, change):
    _about, path = taken(tmp_path)
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps(change(json.loads(beside.read_text()))))
    with pytest.raises(CskError, match="can't be used"):
        snapshots.read(path, "csk_snapshot")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_the_file_beside_it_is_broken(tmp_path, content):
    _about, path = taken(tmp_path)
    path.with_suffix(".json").write_bytes(content)
    with pytest.raises(CskError, match="can't be used"):
        snapshots.read(path, "csk_snapshot")
