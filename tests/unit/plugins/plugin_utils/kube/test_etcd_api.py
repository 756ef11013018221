# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of an etcd's answer: its gateway writes 64-bit numbers as text, and leaves out what is empty."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import EtcdView
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import etcd_api

HEADER = {"cluster_id": "15132543724284412294", "member_id": "8492051653851723717"}


@pytest.mark.parametrize(
    ("members", "ids"),
    [
        ({}, []),
        ({"members": [{"ID": "8492051653851723717", "name": "master-1"}, {"ID": "7"}]}, ["8492051653851723717", "7"]),
    ],
)
def test_a_view(members, ids):
    found = etcd_api.view({"header": HEADER} | members)
    assert found == EtcdView("d2019857720a0186", "8492051653851723717", frozenset(ids))
