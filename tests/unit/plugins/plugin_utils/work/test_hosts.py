# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine as a host of the run."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import hosts

VARIABLES = {"ansible_connection": "ns.coll.way", "ansible_port": 22, "csk_mtu": None, "anything": [1, {"a": True}]}


@pytest.mark.parametrize(
    ("machine", "groups", "found"),
    [({"step": "join"}, None, []), ({}, None, []), ({"step": "join"}, ["mine"], ["mine"]), ({"step": "join"}, [], [])],
)
def test_all_its_variables_are_handed_on(machine, groups, found):
    arguments = {"machine": {"name": "demo.web-1", "variables": VARIABLES, "role": "worker"} | machine}
    if groups is not None:
        arguments["groups"] = groups
    assert hosts.added(arguments) == {"host_name": "demo.web-1", "groups": found, "host_vars": VARIABLES}


@pytest.mark.parametrize("machine", ["web-1", {}, {"name": "web-1"}, {"name": "web-1", "variables": {}, "other": 1}])
def test_what_is_no_machine(machine):
    with pytest.raises(CskError):
        hosts.added({"machine": machine})
