# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier csk recorded."""

from __future__ import annotations

import json

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import records

OLD = {"provider": "container", "data_root": "/srv/csk", "masters": 3}
NOW = {"provider": "container", "container": {"data_root": "/srv/csk"}, "masters": 3}


@pytest.mark.parametrize(("spec", "now"), [(OLD, NOW), (NOW, NOW), ({}, {})])
def test_settings_are_translated(spec, now):
    before = json.dumps(spec)
    assert records.settings_now(spec) == now
    assert json.dumps(spec) == before


def record(spec, **more):
    return {"name": "demo", "spec": json.dumps(spec), "nodepools": "{}"} | more


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (None, record(NOW), False),
        (record(OLD), record(NOW), True),
        (record(NOW), record(NOW), True),
        (record(NOW), record(NOW, router_id="51"), True),  # it wasn't said before clusters had different ones
        (record(NOW), record(NOW, router_id="7"), False),
        (record(OLD), record(NOW | {"masters": 5}), False),
        (record(OLD), record(NOW, version="1.37.2"), False),
        ({"spec": "{"}, record(NOW), False),
        ({"spec": "[]"}, record(NOW), False),
        ({}, record(NOW), False),
    ],
)
def test_a_clusters_own_record_is_the_same_if_it_says_the_same(one, other, same):
    assert records.same_record(one, other, records.as_it_is) == same
