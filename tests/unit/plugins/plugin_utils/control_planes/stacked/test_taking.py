# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a master's answer when a snapshot of etcd is taken there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_planes.stacked import taking
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.remote import Answer

STATUS = 'CSK{"revision":7,"totalKey":3}'
MINE = 'CID[{"Endpoint":"127.0.0.1:2379","Status":{"header":{"cluster_id":255}}}]'
DIGEST = f"SHA{'0' * 64}  /var/lib/etcd/csk-snapshot.db"


def master(answer):
    return SimpleNamespace(run=lambda _command, _text: answer)


@pytest.mark.parametrize("cluster", ["ff", ""])
def test_a_snapshot_is_taken(cluster):
    answer = Answer(0, f"odd\n{MINE}\n{STATUS}\n{DIGEST}\n", "snapshot saved")
    assert taking.take(master(answer), cluster) == ({"revision": 7, "totalKey": 3}, "0" * 64)


def test_none_is_taken_of_another_cluster():
    with pytest.raises(CskError, match="another cluster, ff, not abc"):
        taking.take(master(Answer(0, f"{MINE}\n{STATUS}\n{DIGEST}\n", "")), "abc")


@pytest.mark.parametrize("answer", [(1, STATUS + "\n" + DIGEST), (None, ""), (0, STATUS), (0, "")])
def test_none_can_be_taken(answer):
    with pytest.raises(CskError, match="no snapshot can be taken: no space"):
        taking.take(master(Answer(*answer, "no space")), "ff")
