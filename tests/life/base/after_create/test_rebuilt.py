# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that was lost is rebuilt from the cluster, which doesn't notice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.cluster import TestCluster
from support.playbooks import Playbooks


def test_a_lost_ledger(cluster: TestCluster, tmp_path: Path) -> None:
    old, home = cluster, tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "artifacts").symlink_to(old.playbooks.home / "artifacts")
    new = TestCluster(Playbooks(home, tmp_path), old.file)
    states = old.machines.states()
    rebuilt = new.playbooks.run("rebuild", "-vvv", csk_name=old.name).good()
    assert "PRIVATE KEY" not in rebuilt.text
    assert '"differs": []' in rebuilt.text
    assert replace(new.record, etcd_token="") == replace(old.record, etcd_token="")
    assert new.ledger.pools(old.name) == old.ledger.pools(old.name)
    assert new.ledger.secret(old.name, "ca.key") == old.ledger.secret(old.name, "ca.key")
    made = new.create().good()
    assert not made.changed, made.text
    assert old.machines.states() == states
