# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each master is lost in each way while writes go on: the API is soon back, and nothing acknowledged is lost."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from support.cluster import TestCluster
from support.kube import until
from support.losses import PATIENCE, lose
from support.machines import MASTERS

Note = Callable[[str, str], None]


def victims(cluster: TestCluster) -> dict[str, str]:
    """Three different masters: the endpoint's holder, etcd's leader, and the third one."""
    holder = cluster.machines.holder(cluster.record.endpoint)
    other = next(name for name in MASTERS if name != holder)
    members = {m["name"]: m["ID"] for m in cluster.kube.etcd(holder, "member", "list")["members"]}
    leader = cluster.kube.etcd(holder, "endpoint", "status", "--cluster")[0]["Status"]["leader"]
    if leader == members[holder]:
        # Only the leader itself gives its office away.
        command = ("move-leader", f"{members[other]:x}", "--endpoints=https://127.0.0.1:2379")
        cluster.kube.etcd_text(holder, *command)
        leader = cluster.kube.etcd(holder, "endpoint", "status", "--cluster")[0]["Status"]["leader"]
    leading = next(name for name, member in members.items() if member == leader)
    third = next(name for name in MASTERS if name not in (holder, leading))
    return {"endpoint's holder": holder, "etcd's leader": leading, "third master": third}


@pytest.mark.parametrize("how", ["kill", "disconnect"])
@pytest.mark.parametrize("which", ["endpoint's holder", "etcd's leader", "third master"])
def test_a_master_is_lost(healthy: TestCluster, note: Note, which: str, how: str) -> None:
    cluster = healthy
    victim = victims(cluster)[which]
    prefix = f"{victim}-{how}"
    seconds = lose(cluster, victim, getattr(cluster.machines, how), prefix)
    note(f"{which} lost by {how}", f"{seconds:4.1f} s without an acknowledged write")
    assert seconds < PATIENCE
    again = cluster.create().good()
    assert [host for host in again.changed if host not in ("localhost", f"{cluster.name}.{victim}")] == []
    until(lambda: cluster.kube.ready() == cluster.nodes, 60)
    cluster.whole()
    cluster.kube("delete", "configmap", "--all", "-n", "default")


@pytest.mark.parametrize("turn", range(2))
def test_masters_are_replaced(healthy: TestCluster, note: Note, turn: int) -> None:
    cluster = healthy
    victim = secrets.choice(MASTERS)
    seconds = lose(cluster, victim, cluster.machines.remove, f"replaced-{turn}")
    again = cluster.create().good()
    note(
        f"{victim} lost with its data",
        f"{seconds:4.1f} s without an acknowledged write; replaced in {again.seconds:.0f} s",
    )
    cluster.whole()
    cluster.load()
