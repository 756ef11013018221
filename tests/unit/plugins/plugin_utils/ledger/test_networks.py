# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which networks and addresses are free."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import networks


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], "172.30.0.0/24"),
        (["172.30.0.0/24", "172.30.1.0/24"], "172.30.2.0/24"),
        (["172.30.0.0/24", "172.30.2.0/24"], "172.30.1.0/24"),
        (["172.30.0.128/25"], "172.30.1.0/24"),
        (["172.30.0.0/17"], "172.30.128.0/24"),
        (["172.16.0.0/12"], None),
        (["0.0.0.0/0"], None),
        (["fd00::/8", "172.31.0.0/16"], "172.30.0.0/24"),
        (["172.30.0.1/24"], "172.30.1.0/24"),
        ([f"172.30.{n}.0/24" for n in range(255)], "172.30.255.0/24"),
        ([f"172.30.{n}.0/24" for n in range(256)], None),
    ],
)
def test_first_free(taken, expected):
    assert networks.first_free(taken) == (IPv4Network(expected) if expected else None)


@pytest.mark.parametrize(
    ("cidr", "used", "expected"),
    [
        ("172.30.0.0/28", [], ["172.30.0.11", "172.30.0.12", "172.30.0.13", "172.30.0.14"]),
        ("172.30.0.0/28", ["172.30.0.12"], ["172.30.0.11", "172.30.0.13", "172.30.0.14"]),
        ("172.30.0.0/29", [], []),
        ("172.30.0.0/24", [f"172.30.0.{n}" for n in range(11, 254)], ["172.30.0.254"]),
    ],
)
def test_free_addresses(cidr, used, expected):
    assert list(networks.free_addresses(cidr, used)) == expected


def test_places_agree_with_addresses():
    for prefix in range(20, 33):
        cidr = f"10.0.0.0/{prefix}"
        assert networks.machine_places(IPv4Network(cidr)) == len(list(networks.free_addresses(cidr, [])))
