# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All of a run, or none: what ansible-playbook's command line leaves out of it is told before anything is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import CskError, Problem
from .steps import Task

REGISTERED = "__csk_run"  # what a playbook's first task registers
_RULE = "a run is whole: a playbook of csk's does all of its work, or none of it."
_NEW = "new"  # stands for a machine that the run may make; those that are there end in a number


@dataclass(frozen=True)
class CommandLine:
    """What ansible-playbook was told.

    :param limit: the value of ``--limit``; None: there is none.
    :param left_out: those of some hosts' names that the limit doesn't let through.
    :param tags: what ``--tags`` and ``--skip-tags`` say, as it was written.
    :param selected: whether they select the playbook's tasks.
    :param tagged: whether who imports the playbook gave it tags.
    """

    limit: str | None
    left_out: Callable[[Sequence[str]], list[str]]
    tags: str
    selected: bool
    tagged: bool


def first_problems(limit: str | None, left_out: Collection[str], skipped: Collection[str], start: str) -> list[Problem]:
    """What keeps a playbook from its first task, which judges all the rest.

    :param left_out: the hosts of that task that the limit doesn't let through.
    :param skipped: the tags that ``--skip-tags`` names.
    :param start: the task that ``--start-at-task`` names, where a playbook of csk's was started with it.
    """
    problems = [_limit_problem(limit or "", left_out)] if left_out else []
    if "always" in skipped:
        fix = "run it without --skip-tags always."
        problems.append(Problem("--skip-tags", "always leaves out the check of what is left out.", _RULE, fix))
    if start:
        fix = "run it from its beginning: what is done already is found and not done again."
        problems.append(Problem("--start-at-task", f"{start!r} leaves out what comes before it.", _RULE, fix))
    return problems


def begin(task: Task, given: CommandLine) -> dict[str, Any]:
    """The work of csk_run: refuse what would be a part of a run.

    :returns: when the playbook began, in seconds since the epoch; None: with ansible-playbook itself.
    """
    if not given.selected:
        if given.tagged:  # who imports the playbook wants to run without it, so that none of its tasks run
            return {"changed": False, "started": None}
        fix = "run it without; an import_playbook with tags of its own can be selected by them."
        raise CskError(Problem("--tags, --skip-tags", f"{given.tags} leave out all its tasks.", _RULE, fix))
    if given.limit:
        clusters = [name for name in dict.fromkeys(task.values["clusters"]) if name]
        left = given.left_out([*task.values["hosts"], *(name for one in clusters for name in _machines(task, one))])
        if left:
            raise CskError(_limit_problem(given.limit, left, clusters))
    return {"changed": False, "started": time.time() if REGISTERED in task.variables else None}


def began(task: Task) -> float:
    """When the playbook began that a task is of, in seconds since the epoch."""
    first = task.variables.get(REGISTERED)
    started = first.get("started") if isinstance(first, Mapping) else None
    return float(started or task.session.started())


def _machines(task: Task, cluster: str) -> list[str]:
    try:
        recorded = task.session.ledger.machines(cluster)
    except CskError:  # a later step tells what is wrong with the ledger
        recorded = []
    return [f"{cluster}.{name}" for name in (*(machine.name for machine in recorded), _NEW)]


def _limit_problem(limit: str, left_out: Collection[str], clusters: Sequence[str] = ()) -> Problem:
    new = {f"{cluster}.{_NEW}": f"new machines of {cluster}" for cluster in clusters}
    names = ", ".join(new.get(name, name) for name in left_out)
    others = [name for name in left_out if "." not in name]  # hosts that aren't a cluster's
    through = ",".join(dict.fromkeys(["localhost", *others, *(f"{cluster}.*" for cluster in clusters)]))
    fix = f"run it without --limit, or with one that lets all of them through, such as --limit '{through}'."
    return Problem("--limit", f"{limit!r} leaves out {names}.", _RULE, fix)
