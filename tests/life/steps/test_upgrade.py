# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From 1.36 to 1.37 while all is used. The third master can't start at first: it is put back, then it goes on."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from typing import Any

from support import installed
from support.cluster import NEW, OLD
from support.machines import MASTERS
from support.upgrades import break_api_server, mend_api_server, put_flag

from life.story import Life, watches


def begin(life: Life) -> dict[str, AbstractContextManager[Any]]:
    """Begin to watch; one that can't even begin has failed."""
    begun = {}
    for name, watch in watches().items():
        life.watched[name] = None
        try:
            begun[name] = watch(life)
            begun[name].__enter__()
        except Exception as error:
            begun.pop(name, None)
            life.watched[name] = error
    return begun


def end(life: Life, begun: dict[str, AbstractContextManager[Any]]) -> None:
    """End to watch; each says by itself what it saw."""
    for name, watch in begun.items():
        try:
            watch.__exit__(None, None, None)
        except BaseException as error:
            life.watched[name] = error


def test_upgrade(life: Life) -> None:
    cluster = life.cluster
    planned = cluster.upgrade("--check").good()
    assert "master-1: upgrade the master to 1.37.2" in planned.text
    assert set(cluster.versions().values()) == {f"v{OLD}"}
    # A flag in kubeadm's own configuration; it has to be there afterwards.
    put_flag(cluster, [{"name": "profiling", "value": "false"}])
    for name in ("master-3", "default-1"):
        installed.make_older(cluster, name)
        installed.add_own(cluster, name)
    before = installed.on_node(cluster, "master-3")
    begun = begin(life)
    try:
        break_api_server(cluster, "master-3")
        cluster.upgrade().refused(
            "node master-3", "wasn't upgraded", "put back to 1.36.3, and it is well", "no-such-flag"
        )
        assert cluster.versions() == dict.fromkeys(cluster.nodes, f"v{OLD}") | dict.fromkeys(MASTERS[:2], f"v{NEW}")
        assert cluster.kube.ready() == cluster.nodes
        members = cluster.kube.etcd("master-1", "endpoint", "health", "--cluster")
        assert [member["health"] for member in members] == [True] * 3
        assert installed.on_node(cluster, "master-3") == before
        mend_api_server(cluster, "master-3")
        done = cluster.upgrade().good()
        print(f"the rest of the upgrade: {done.seconds:.0f} s")
    finally:
        with suppress(AssertionError):
            mend_api_server(cluster, "master-3")
        end(life, begun)
    assert set(cluster.versions().values()) == {f"v{NEW}"}
    assert "csk_upgrade well master-3" in [line.action for line in cluster.ledger.operations(cluster.name, 500)]
    again = cluster.upgrade().good()
    assert not again.changed, again.text
