# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a kubelet's Lease is over, by the API server's clock."""

from __future__ import annotations

import json

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube.leases import heard

DATE = "Fri, 27 Nov 2026 20:00:40 GMT"


@pytest.mark.parametrize(
    ("spec", "lapsed"),
    [
        ({"renewTime": "2026-11-27T20:00:39.123456Z", "leaseDurationSeconds": 40}, False),
        ({"renewTime": "2026-11-27T20:00:00.000000Z", "leaseDurationSeconds": 40}, False),
        ({"renewTime": "2026-11-27T19:59:59.999999Z", "leaseDurationSeconds": 40}, True),
        ({"renewTime": "2026-11-27T19:59:59.999999Z", "leaseDurationSeconds": 60}, False),
        ({"renewTime": "2026-11-27T19:59:59.999999Z"}, True),
        ({"renewTime": "2026-11-27T20:10:00.000000Z"}, False),  # the node's clock is ahead
        ({}, True),  # it was made, and never renewed
    ],
)
def test_a_lease_is_over_by_the_answers_date(spec, lapsed):
    body = json.dumps({"items": [{"metadata": {"name": "web-1"}, "spec": spec}]})
    assert heard(body, DATE) == {"web-1": (spec.get("renewTime", ""), lapsed)}
    assert heard(b'{"items": []}', DATE) == {}
