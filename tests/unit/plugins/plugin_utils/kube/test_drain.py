# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods are evicted, and which keep a node from being emptied."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import draining
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import drain

CAREFUL = draining.Drain(timeout=5, grace_period=None, force=False, delete_emptydir_data=False)
BOLD = draining.Drain(timeout=5, grace_period=None, force=True, delete_emptydir_data=True)


def pod(owner="ReplicaSet", phase="Running", empty_dir=False, mirror=False, controller=True):
    """A pod as the client gives it."""
    owners = [SimpleNamespace(kind=owner, controller=controller)] if owner else None
    annotations = {drain.MIRROR: "hash"} if mirror else None
    return SimpleNamespace(
        metadata=SimpleNamespace(namespace="web", name="a", owner_references=owners, annotations=annotations),
        spec=SimpleNamespace(volumes=[SimpleNamespace(empty_dir={"medium": ""} if empty_dir else None)]),
        status=SimpleNamespace(phase=phase),
    )


@pytest.mark.parametrize(
    ("found", "goes"),
    [
        (pod(), True),
        (pod(owner=None), True),
        (pod(owner="DaemonSet"), False),
        (pod(owner="DaemonSet", controller=False), True),  # owned, but not made again by it
        (pod(owner="Node", mirror=True), False),
    ],
)
def test_what_belongs_to_its_node_stays(found, goes):
    assert drain.evictable(found) == goes


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pod(), None),
        (pod(owner=None), "drain.force"),
        (pod(controller=False), "drain.force"),
        (pod(empty_dir=True), "drain.delete_emptydir_data"),
        (pod(owner=None, phase="Succeeded"), None),
        (pod(empty_dir=True, phase="Failed"), None),
    ],
)
def test_what_keeps_a_node_from_being_emptied(found, said):
    refused = drain.obstacle("web-1", found, CAREFUL)
    assert (refused is None) == (said is None)
    if refused:
        assert (refused.node, refused.pod) == ("web-1", "web/a")
        assert said in refused.fix
    assert drain.obstacle("web-1", found, BOLD) is None
