# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that was lost is rebuilt from the cluster, which doesn't notice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.cluster import TestCluster
from support.playbooks import Playbooks


def test_a_lost_ledger(healthy: TestCluster, tmp_path: Path) -> None:
    old = healthy
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "artifacts").symlink_to(old.playbooks.home / "artifacts")
    new = TestCluster(Playbooks(tmp_path / "home", tmp_path), old.file)
    before, states = old.kube.nodes(), old.machines.states()

    new.playbooks.run("rebuild", "--check", csk_name=old.name).good()
    assert new.record is None
    rebuilt = new.playbooks.run("rebuild", "-vvv", csk_name=old.name).good()
    assert "PRIVATE KEY" not in rebuilt.text
    assert '"differs": []' in rebuilt.text
    assert replace(new.record, etcd_token="") == replace(old.record, etcd_token="")
    assert new.ledger.pools(old.name) == old.ledger.pools(old.name)
    seconds = [(m.name, m.added_at.replace(microsecond=0)) for m in old.ledger.machines(old.name)]
    assert [(m.name, m.added_at) for m in new.ledger.machines(old.name)] == seconds
    assert new.ledger.secret(old.name, "ca.key") == old.ledger.secret(old.name, "ca.key")
    assert new.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert new.kube.ready() == old.nodes

    again = new.playbooks.run("rebuild", csk_name=old.name).good()
    assert not again.changed, again.text
    made = new.create().good()
    assert not made.changed, made.text
    new.create("--check", "--diff").good()
    assert old.machines.states() == states
    assert {name: node["metadata"]["labels"] for name, node in old.kube.nodes().items()} == {
        name: node["metadata"]["labels"] for name, node in before.items()
    }
    new.playbooks.run("rebuild", csk_name="test-none").refused("no running master of a cluster test-none", "Do:")
