# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing of a deleted cluster is left, but the log's line that it was deleted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from support.cluster import TestCluster


def test_nothing_is_left(cluster: TestCluster) -> None:
    assert cluster.machines.left() == []
    assert cluster.record is None
    assert not cluster.kubeconfig.parent.exists()
    kept = 'INSERT INTO "operations"'
    lines = [line for line in rows(cluster.playbooks.home) if not line.startswith(kept)]
    assert [line for line in lines if cluster.name in line] == []


def rows(home: Path) -> list[str]:
    """Everything that the ledger's tables hold."""
    with sqlite3.connect(home / "ledger.db") as database:
        return list(database.iterdump())


def test_deleting_it_again_changes_nothing(cluster: TestCluster) -> None:
    assert cluster.delete().good().changed == {}
