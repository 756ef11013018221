# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which machines a restoration makes anew, and that nothing else works on the cluster before the old ones are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_planes.stacked.snapshots import Snapshot
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import refusing, restore

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OLD, NEW = "1.36.3", "1.37.2"
SNAPSHOT = Snapshot("demo", "id", OLD, "0", 1, 1, "2026-11-24", ["master-1", "web-1"])
CLUSTER = Cluster("id", "demo", "default", OLD, {}, "restoring", "172.30.0.0/24", "172.30.0.10", "random", NOW)


def machine(name="web-1", status="ready", version=OLD):
    role = "master" if name.startswith("master") else "worker"
    return Machine("demo", name, role, None, "zone-a", "172.30.0.11", "create", NOW, status, version)


@pytest.mark.parametrize(
    ("there", "goes"),
    [
        (machine(), False),
        (machine("master-1"), True),
        (machine("web-2"), True),
        (machine(version=NEW), True),
        # Its kubelet may have the target already, or what an earlier restoration was to remove may still live.
        (machine(status="upgrading"), True),
        (machine(status="new"), True),
    ],
)
def test_what_is_made_anew(there, goes):
    assert restore.going([there], SNAPSHOT) == [there.name] * goes


@pytest.mark.parametrize("repairing", [False, True])
def test_nothing_else_works_on_it_before_the_old_masters_are_gone(repairing):
    begun = replace(CLUSTER, restore_from="/srv/demo.db")
    with pytest.raises(CskError, match="old masters may still live") as refused:
        refusing.refuse_unfinished(begun, repairing)
    assert "csk_snapshot=/srv/demo.db" in str(refused.value)
    refusing.refuse_unfinished(replace(begun, status="creating"), repairing)
