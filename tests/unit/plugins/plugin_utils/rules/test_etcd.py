# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which masters' etcd isn't the cluster's, by what each says itself."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import EtcdView
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import etcd


def view(cluster, member, *members):
    return EtcdView(cluster, member, frozenset(members))


ONE, TWO, THREE = (view("a", name, "1", "2", "3") for name in "123")
ALONE = view("b", "9", "9")
UNSURE = "which one is right can't be told"


@pytest.mark.parametrize(
    ("views", "right", "strange"),
    [
        ({}, "", {}),
        ({"m1": ONE}, "a", {}),
        ({"m1": ONE, "m2": TWO, "m3": THREE}, "a", {}),
        ({"m1": ONE, "m2": TWO}, "a", {}),  # one that doesn't answer says nothing
        ({"m1": ONE, "m2": TWO, "m3": ALONE}, "a", {"m3": "another cluster, b, not a"}),
        ({"m1": ALONE, "m2": TWO, "m3": THREE}, "a", {"m1": "another cluster, b, not a"}),
        # Of as many the one with more members: the cluster that lost one isn't a cluster of one.
        ({"m1": ONE, "m3": ALONE}, "a", {"m3": "another cluster, b, not a"}),
        ({"m1": view("c", "8", "8"), "m3": ALONE}, "", {"m1": UNSURE, "m3": UNSURE}),
        # The others removed it, and it doesn't know.
        ({"m1": view("a", "1", "1", "2"), "m2": view("a", "2", "1", "2"), "m3": THREE}, "a", {"m3": "isn't a member"}),
        ({"m1": ONE, "m2": TWO, "m3": view("a", "3", "3", "2")}, "a", {"m3": "knows other members"}),
    ],
)
def test_strangers(views, right, strange):
    assert etcd.cluster_of(views) == right
    found = etcd.strangers(views)
    assert found.keys() == strange.keys()
    assert all(part in found[name] for name, part in strange.items())
