# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot that somebody wants: where he says, with his label, encrypted unless he says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cluster import TestCluster

# What a database of etcd starts with is in its first page (go.etcd.io/bbolt, internal/common/types.go, Magic).
MAGIC = 0xED0CDAED.to_bytes(4, "little")


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_snapshot_at_any_time(cluster: TestCluster, tmp_path: Path, encrypted: bool) -> None:
    more = {} if encrypted else {"csk_snapshot_encrypt": "false"}
    folder = tmp_path / "kept"
    taken = cluster.playbooks.run(
        "snapshot", csk_name=cluster.name, csk_snapshot_label="by-hand", csk_snapshot_dir=str(folder), **more
    ).good()
    (path,) = folder.glob("*.db")
    assert str(path) in taken.text
    about = json.loads(path.with_suffix(".json").read_text())
    assert (about["cluster"], about["label"], about["well"]) == (cluster.name, "by-hand", True)
    assert about["encrypted"] is encrypted
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    content = path.read_bytes()
    assert (MAGIC in content[:4096], b"/registry/" in content) == (not encrypted, not encrypted)
    assert not list(cluster.kubeconfig.parent.glob(".snapshot-*"))
    assert "csk-snapshot" not in cluster.machines("master-1", "ls", "/var/lib/etcd")
