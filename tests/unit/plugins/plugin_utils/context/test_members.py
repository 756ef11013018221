# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters whose etcd isn't the cluster's: by what the members say, and by the machines of those that are silent."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import members
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import EtcdView
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.remote import Answer
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render.nodenet import ETCD_LOST
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.etcd import LOST

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ONE, TWO, THREE = (EtcdView("a", n, frozenset("123")) for n in "123")
ALONE = EtcdView("b", "9", frozenset("9"))
GONE, THERE, AWAY = Answer(0, f"{ETCD_LOST}\n", ""), Answer(0, "", ""), Answer(None, ETCD_LOST, "it doesn't run")
OTHER = "its etcd is another cluster, b, not a"


def master(number, status="ready"):
    return Machine("demo", f"m{number}", "master", None, "a", f"172.30.0.1{number}", "create", NOW, status)


@pytest.mark.parametrize(
    ("views", "answers", "found", "address"),
    [
        ({"m1": ONE, "m2": TWO, "m3": THREE}, {}, {}, None),
        ({"m1": ONE, "m2": TWO}, {"m3": THERE}, {}, None),  # it may only be starting
        ({"m1": ONE, "m2": TWO}, {"m3": AWAY}, {}, None),
        ({"m1": ONE, "m2": TWO}, {"m3": GONE}, {"m3": LOST}, "172.30.0.11"),
        ({"m2": TWO, "m3": THREE}, {"m1": GONE}, {"m1": LOST}, "172.30.0.12"),
        ({"m1": ALONE, "m2": TWO, "m3": THREE}, {}, {"m1": OTHER}, "172.30.0.12"),
        ({"m1": ALONE, "m2": TWO}, {"m3": GONE}, {"m1": OTHER, "m3": LOST}, "172.30.0.12"),
        ({}, {"m1": GONE, "m2": THERE, "m3": GONE}, {"m1": LOST, "m3": LOST}, None),
    ],
)
def test_strangers(views, answers, found, address, monkeypatch):
    monkeypatch.setattr(members, "SETTLING_SECONDS", 0)
    monkeypatch.setattr(members, "etcd_views", lambda _session, _cluster, _masters: views)
    session = SimpleNamespace(
        fleet=lambda _cluster, _machines: SimpleNamespace(console=lambda name: name),
        reach=lambda console, _script: answers[console],
    )
    assert members.strangers(session, None, [master(n) for n in (1, 2, 3)]) == (found, address)


def test_one_that_never_joined_is_not_asked(monkeypatch):
    monkeypatch.setattr(members, "etcd_views", lambda _session, _cluster, masters: {m.name: ALONE for m in masters})
    assert members.strangers(SimpleNamespace(), None, [master(1, "new")]) == ({}, None)
