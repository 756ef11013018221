# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workers of a pool go, and how many are missing (design.md §5). Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..core.errors import Problem
from ..core.models import Machine

UNUSED = "it never was Ready"
SCALED = "scale"  # the origin of the workers that may go without being named


@dataclass(frozen=True)
class Decision:
    """What happens to one worker, and why."""

    node: str
    action: Literal["remove", "keep"]
    why: str


@dataclass(frozen=True)
class Scaling:
    """What brings a pool to its size.

    :param going: the workers that are removed, in that order.
    :param missing: how many are to be made.
    :param heirs_of: those whose places the first of the new ones take: they inherit zone, origin and age.
    :param decisions: on every worker of the pool, where some go; empty where none does.
    """

    going: tuple[Machine, ...] = ()
    missing: int = 0
    heirs_of: tuple[Machine, ...] = ()
    decisions: tuple[Decision, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


def decide(pool: dict[str, Any], machines: Sequence[Machine], where: str, unused: Collection[Machine] = ()) -> Scaling:
    """Which workers of a pool go, in which order, and how many it lacks.

    A removal that was begun is finished; then those go that are named; then, until the size is reached, those that
    never were Ready, newest first; then those of origin ``scale``, oldest first (``fifo``) or newest first (``lifo``).

    :param pool: the options of csk_nodepool.
    :param machines: those of the pool that the ledger has.
    :param where: the pool's place in the file, for the problems.
    :param unused: those that never were Ready (rules/unused.py).
    """
    if pool["state"] == "absent":
        why = "the pool is removed"
        return Scaling(tuple(machines), decisions=tuple(Decision(m.name, "remove", why) for m in machines))
    problems = _name_problems(pool, f"{where}.nodes")
    begun = [m for m in machines if m.status == "leaving"]
    named = [m for name in pool["nodes"] for m in machines if m.name == name and m not in begun]
    rest = [m for m in machines if m not in begun and m not in named]
    free = _in_order([m for m in rest if m in unused], "lifo")
    free += _in_order([m for m in rest if m.origin == SCALED and m not in unused], pool["scale_in_policy"])
    size = pool["desired_size"] or 0  # none: that is told elsewhere
    surplus = max(len(rest) - size, 0)
    if surplus > len(free):
        problems.append(_stuck(pool, [m for m in rest if m not in free], where))
    if problems:
        return Scaling(problems=tuple(problems))
    chosen = free[:surplus]
    going = (*begun, *named, *chosen)
    age = {"fifo": "oldest", "lifo": "newest"}[pool["scale_in_policy"]]
    whys = {m.name: "its removal was begun by an earlier run" for m in begun}
    whys |= {m.name: "it is named in nodes" for m in named}
    whys |= {m.name: UNUSED for m in chosen if m in unused}
    whys |= {
        m.name: f"origin scale, {age} first: added at {m.added_at:%Y-%m-%d %H:%M:%S} UTC"
        for m in chosen
        if m not in unused
    }
    decisions = [Decision(machine.name, "remove", whys[machine.name]) for machine in going]
    decisions += [Decision(m.name, "keep", _why_kept(m, surplus, age)) for m in rest if m not in chosen]
    missing = max(size - len(rest), 0)
    return Scaling(going, missing, (*begun, *named)[:missing], tuple(decisions) if going else ())


def _in_order(machines: Sequence[Machine], policy: str) -> list[Machine]:
    """By age; those of one run, which have the same age, by their number."""
    return sorted(machines, key=lambda m: (m.added_at, _number(m.name)), reverse=policy == "lifo")


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _why_kept(machine: Machine, surplus: int, age: str) -> str:
    if machine.origin != SCALED:
        return f"origin {machine.origin}: it goes only when it is named"
    return f"not among the {age} {surplus}" if surplus else "the size needs it"


def _stuck(pool: dict[str, Any], staying: Sequence[Machine], where: str) -> Problem:
    names = ", ".join(f"{machine.name} ({machine.origin})" for machine in staying)
    what = f"is {pool['desired_size']}, but these {len(staying)} stay: {names}."
    rule = "only nodes of origin scale go by themselves; those of origin create or hand go only when they are named."
    fix = f"write {len(staying)} or more, or name those that are to go in nodes."
    return Problem(f"{where}.desired_size", what, rule, fix)


def _name_problems(pool: dict[str, Any], where: str) -> list[Problem]:
    """Names that can't be workers of the pool; one that was removed already is none, so that a run can be repeated."""
    rule = "nodes names workers of this pool, each once."
    own = re.compile(rf"{re.escape(pool['name'])}-[1-9]\d*")
    names = pool["nodes"]
    problems = [
        Problem(where, f"{name!r} isn't a worker of the pool {pool['name']}.", rule, "see csk.kubernetes.info.")
        for name in names
        if not own.fullmatch(str(name))
    ]
    twice = sorted({name for name in names if names.count(name) > 1})
    return problems + [Problem(where, f"{name!r} is there twice.", rule, "remove one of them.") for name in twice]
