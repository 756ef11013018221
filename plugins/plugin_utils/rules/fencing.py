# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a node may be taken out of a cluster: fence first, then force (design.md §10). Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..core.errors import Problem
from ..core.observed import NodeState

# evict: its pods end by its kubelet. force: what is left of it is removed, after its machine is stopped where the
# provider can do that. wait: it can't be told yet. alive, unfenced: refused, see ``refusal``.
Way = Literal["evict", "force", "wait", "alive", "unfenced"]
RULE = "nothing of a machine is removed by force while it may still run: its pods would be started a second time."


@dataclass(frozen=True)
class Seen:
    """What is known of a machine that is to go.

    :param machine: what its provider says of it; empty: there is none.
    :param node: its Node; None where there is none.
    :param pods: whether the API has pods of it; asked for only where there is no Node.
    :param can_stop: whether its provider stops machines provably.
    :param forgotten: whether the user says that it is off (``csk_forget``).
    :param renewed: whether its kubelet renewed its Lease since the provider was seen to say this of the machine.
    """

    machine: Literal["running", "stopped", ""]
    node: NodeState | None
    can_stop: bool
    forgotten: bool = False
    renewed: bool = False
    pods: bool = True


def way(seen: Seen) -> Way:
    """How a machine that is to go is taken out of its cluster.

    What can be evicted is evicted: a kubelet that renews its Lease ends pods, whether anybody reaches its port or not.
    Dead is what the API and the provider agree on: the Lease is over, and the machine doesn't run. One that runs and is
    silent is stopped first, where its provider can; elsewhere only the user's word counts, and never for a Ready Node.
    """
    fenced = seen.can_stop or seen.forgotten
    runs = seen.machine == "running"
    if seen.node is None:
        return "force" if not runs or fenced or not seen.pods else "unfenced"
    if seen.forgotten and not seen.node.ready:
        return "force"
    if runs:
        if (seen.node.ready and seen.node.kubelet) or seen.renewed:
            return "evict"
        silent = seen.node.lapsed and seen.node.unknown
        return "wait" if not silent else "force" if fenced else "unfenced"
    if seen.renewed:
        return "evict" if seen.forgotten else "alive"
    return "force" if seen.node.lapsed else "wait"


def way_anew(seen: Seen) -> Way:
    """The same for a machine that is made anew in its place: nothing is evicted from it, it is stopped."""
    found = way(seen)
    if seen.machine != "running" or found == "force":
        return "alive" if found == "evict" else found
    return "force" if seen.can_stop else "unfenced"


def refusal(name: str, why: Way, node: NodeState | None) -> Problem:
    """Why a machine isn't taken out of its cluster."""
    heard = f"; its kubelet last renewed its Lease at {node.heard}" if node and node.heard else ""
    if why == "alive":
        what = f"its provider has no running machine of this name, but its kubelet lives{heard}."
        fix = f"see where it runs and which host the provider asks; where it is off for certain, csk_forget: [{name}]."
    else:
        what = f"it can't be emptied{heard}, its machine may still run, and its provider can't stop it for certain."
        fix = f"switch the machine off, see that it is off, and say so: csk_forget: [{name}]."
    return Problem(f"node {name}", what, RULE, fix)
