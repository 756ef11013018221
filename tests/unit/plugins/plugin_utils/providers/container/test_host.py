# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about an Engine's host, from what the helper prints."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.host import (
    CAPABILITIES,
    FACTS_SCRIPT,
    missing_capabilities,
    parse_facts,
)

OUTPUT = """\
bounding=000001fffeffffff
last_cap=40
disk_free=   69333020672
fuse=1
nameserver=127.0.0.53
nameserver=10.0.0.2
nameserver=fd00::1
nameserver=10.0.0.2
route=172.17.0.0/16
route=192.0.2.7
route=blackhole
mtu=1400
"""


@pytest.mark.parametrize(
    ("bounding", "last_cap", "missing"),
    [
        ("000001ffffffffff", 40, ()),
        ("000001fffeffffff", 40, ("SYS_RESOURCE",)),
        # an older kernel knows fewer: those beyond its last aren't missing
        ("0000003fffffffff", 37, ()),
        ("0000000000000000", 0, ("CHOWN",)),
        # Docker's usual set for containers, as dockerd in a container has it
        ("00000000a80425fb", 40, tuple(c for i, c in enumerate(CAPABILITIES) if not 0xA80425FB >> i & 1)),
    ],
)
def test_missing_capabilities(bounding: str, last_cap: int, missing: tuple[str, ...]) -> None:
    assert missing_capabilities(bounding, last_cap) == missing


def test_facts_of_a_limited_host_on_cgroup_v1() -> None:
    facts = parse_facts(OUTPUT, {"CgroupVersion": "1", "NCPU": 2, "MemTotal": 1 << 34})
    assert (facts.cgroup_version, facts.cpus, facts.memory, facts.disk_free) == (1, 2, 1 << 34, 69333020672)
    assert facts.missing == ("SYS_RESOURCE",)
    assert set(facts.missing) < set(facts.dropped)
    assert facts.fuse
    assert not facts.modules
    assert not facts.bridge_netfilter
    assert facts.mtu == 1400


def test_loopback_and_ipv6_nameservers_are_no_use_to_pods() -> None:
    assert parse_facts(OUTPUT, {}).nameservers == ("10.0.0.2",)


def test_a_route_to_one_host_is_a_network_and_words_are_not() -> None:
    assert parse_facts(OUTPUT, {}).routes == ("172.17.0.0/16", "192.0.2.7/32")


def test_no_default_route_means_the_usual_mtu() -> None:
    assert parse_facts(OUTPUT.replace("mtu=1400\n", ""), {}).mtu == 1500


def test_the_script_is_one_that_sh_takes() -> None:
    subprocess.run(["sh", "-n"], input=FACTS_SCRIPT, text=True, check=True)
