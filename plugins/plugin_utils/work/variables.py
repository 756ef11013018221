# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a run: those that stand for options, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..core.errors import Problem
from ..rules import variables
from ..rules.records import MOVED
from ..rules.snapshots import kept_problem
from . import argspec


def completed(module: str, arguments: dict[str, Any], read: Callable[[str], Any]) -> dict[str, Any]:
    """A task's arguments, with the common options that it doesn't give as the run's variables have them.

    :param read: a variable's value, with its templates evaluated; None where there is none.
    """
    known = [name for name in variables.COMMON if name in argspec.options(module)]
    found = {name: read(name) for name in known if arguments.get(name) in (None, "")}
    given = {name: value for name, value in arguments.items() if name not in found}
    return given | {name: value for name, value in found.items() if value not in (None, "")}


def text_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the variables of a run of csk's own playbooks that are text, and were given as numbers."""
    return variables.text_problems(given) if given.get(variables.PLAYBOOK) is not None else []


def variable_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the variables of a run of csk's own playbooks; in those of others nothing is.

    That are unknown ones, those that the playbook needs, and values that only a later task reads.

    :param given: all variables of the run, as they were given; templates aren't evaluated.
    """
    playbook = given.get(variables.PLAYBOOK)
    if playbook is None:
        return []
    known = list(variables.VARIABLES)
    problems = [argspec.unknown(name, known, name, "variable") for name in variables.unknown(given)]
    problems += variables.missing_problems(str(playbook), given) + variables.text_problems(given)
    cluster = given.get("csk_cluster")
    if isinstance(cluster, str) and "{{" not in cluster:
        what, fix = f"is {cluster!r}, not a dictionary.", "give a cluster file (-e @FILE); a name alone is csk_name."
        problems.append(Problem("csk_cluster", what, "it holds the options of the module csk_cluster.", fix))
    if isinstance(cluster, Mapping):  # every playbook takes a cluster file, and only some check all of it
        moved = [name for name in MOVED if name in cluster]
        problems += [argspec.unknown(name, [], f"csk_cluster.{name}") for name in moved]
    kept = given.get("csk_snapshots_kept", 1)
    template = any(mark in str(kept) for mark in ("{{", "{%"))
    wrong = None if template else kept_problem(kept)
    return [*problems, wrong] if wrong else problems
