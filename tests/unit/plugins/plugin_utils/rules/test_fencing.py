# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is evicted, what is forced, and what is refused, by what provider, API and user say of a machine."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import NodeState
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import fencing
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.fencing import Seen, way, way_anew

WELL = NodeState("web-1", ready=True, kubelet=True, version="v1.36.3", labels={}, taints=(), heard="t")
BLOCKED = replace(WELL, kubelet=False)
AILING = replace(BLOCKED, ready=False)  # its kubelet says so itself
QUIET = replace(BLOCKED, lapsed=True)  # nobody has called it Unknown yet
SILENT = replace(AILING, lapsed=True, unknown=True)
ABLE, UNABLE = {"can_stop": True}, {"can_stop": False}
WORD = {"forgotten": True}


@pytest.mark.parametrize(
    ("machine", "node", "more", "found"),
    [
        # What can be evicted is evicted, whoever can stop it and whatever is said of it.
        ("running", WELL, ABLE, "evict"),
        ("running", WELL, UNABLE, "evict"),
        ("running", WELL, UNABLE | WORD, "evict"),
        ("running", BLOCKED, ABLE, "wait"),
        ("running", BLOCKED, ABLE | {"renewed": True}, "evict"),
        ("running", BLOCKED, UNABLE | {"renewed": True}, "evict"),
        ("running", BLOCKED, ABLE | WORD, "wait"),
        ("running", AILING, ABLE, "wait"),
        ("running", AILING, ABLE | {"renewed": True}, "evict"),
        # A clock that is behind makes a Lease look old; the controller manager sees that it is renewed.
        ("running", QUIET, ABLE, "wait"),
        # Silent: stopped first, or refused.
        ("running", SILENT, ABLE, "force"),
        ("running", SILENT, UNABLE, "unfenced"),
        ("running", SILENT, UNABLE | WORD, "force"),
        ("running", AILING, UNABLE | WORD, "force"),
        # Dead: the provider and the API agree.
        ("stopped", SILENT, UNABLE, "force"),
        ("", SILENT, UNABLE, "force"),
        ("stopped", QUIET, ABLE, "force"),
        ("stopped", WELL, ABLE, "wait"),
        ("", WELL, ABLE, "wait"),
        ("", WELL, ABLE | WORD, "wait"),
        ("", AILING, UNABLE | WORD, "force"),
        # They contradict each other: another host is asked, say.
        ("", WELL, ABLE | {"renewed": True}, "alive"),
        ("stopped", AILING, ABLE | {"renewed": True}, "alive"),
        ("", WELL, ABLE | WORD | {"renewed": True}, "evict"),
        # There is no Node, so nothing is evicted.
        ("running", None, ABLE, "force"),
        ("running", None, UNABLE, "unfenced"),
        ("running", None, UNABLE | {"pods": False}, "force"),
        ("running", None, UNABLE | WORD, "force"),
        ("stopped", None, UNABLE, "force"),
        ("", None, UNABLE, "force"),
    ],
)
def test_how_a_machine_is_taken_out(machine, node, more, found):
    assert way(Seen(machine, node, **more)) == found


@pytest.mark.parametrize(
    ("machine", "node", "more", "found"),
    [
        ("running", WELL, ABLE, "force"),
        ("running", WELL, UNABLE, "unfenced"),
        ("running", BLOCKED, UNABLE, "unfenced"),
        ("running", SILENT, UNABLE | WORD, "force"),
        ("running", None, ABLE, "force"),
        ("running", None, UNABLE, "unfenced"),
        ("", WELL, ABLE, "wait"),
        ("", QUIET, ABLE, "force"),
        ("", WELL, ABLE | {"renewed": True}, "alive"),
        ("", WELL, ABLE | WORD | {"renewed": True}, "alive"),
    ],
)
def test_one_that_is_made_anew_is_never_evicted(machine, node, more, found):
    assert way_anew(Seen(machine, node, **more)) == found


@pytest.mark.parametrize("why", ["alive", "unfenced"])
@pytest.mark.parametrize("node", [SILENT, None])
def test_a_refusal_names_the_machine_and_the_word(why, node):
    problem = fencing.refusal("web-1", why, node)
    assert problem.where == "node web-1"
    assert "csk_forget: [web-1]" in problem.fix
    assert ("renewed its Lease at t" in problem.what) == (node is not None)
