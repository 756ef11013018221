# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_plan: everything that is wrong with a cluster file, and everything that would be changed."""

from __future__ import annotations

from typing import Any

from ..context import loaded
from ..core.errors import CskError, Problem
from . import argspec
from .checking import check_file
from .results import cluster_result, diff
from .steps import Task
from .upgrade.planning import make_plan, show
from .variables import variable_problems


def tell(task: Task) -> dict[str, Any]:
    """Check the file; nothing is changed."""
    session, values = task.session, task.values
    if values["upgrade_to"]:
        return _upgrade(task)
    variables = {f"csk_{name}": values.get(name) for name in ("cluster", "nodepools", "stacks")}
    checked = check_file(session, variables, task.variables, values["scale"])
    if checked.problems:
        raise CskError(checked.problems)
    for warning in checked.warnings:
        task.warn(warning)
    name = checked.cluster["name"]
    for image in loaded.gone(session.folder(name)):
        task.warn(f"image {image}: new machines won't have it, its archive is gone. Do: load it again (load_image).")
    lines = [
        *checked.changes,
        *(f"pool {pool}: not in the file; it is kept." for pool in checked.kept),
    ]
    task.say(f"{name}: {len(checked.changes) or 'nothing'} to do")
    for line in lines:
        task.say(f"  {line}")
    recorded = checked.recorded
    before = {"cluster": cluster_result(recorded)["settings"] | {"version": recorded.version}} if recorded else None
    after = {"cluster": {k: v for k, v in checked.cluster.items() if v is not None} | {"version": checked.version}}
    return {
        "changed": bool(checked.changes),
        "name": name,
        "version": checked.version,
        "changes": checked.changes,
        "kept": checked.kept,
        "diff": diff(before, after if not recorded else _merged(before, after, checked.changes), name)
        if checked.changes
        else {},
    }


def _upgrade(task: Task) -> dict[str, Any]:
    session, values = task.session, task.values
    problems = variable_problems(task.variables)
    name = (values["cluster"] or {}).get("name")
    if not name:
        rule, fix = "an upgrade is of one cluster.", "give -e csk_name=demo, or a cluster file (-e @FILE)."
        problems.append(Problem("csk_name", "isn't there.", rule, fix))
    if problems:
        raise CskError(problems)
    options = argspec.module_arguments(
        "csk_upgrade", {"name": "", "state": "started", "options": values["upgrade_options"]}
    )["options"]
    plan = make_plan(session, session.cluster(name), values["upgrade_to"], options)
    changes = show(plan, name, task.say, task.warn)
    return {"changed": bool(changes), "name": name, "version": plan.target, "changes": changes, "kept": []}


def _merged(before: dict[str, Any] | None, after: dict[str, Any], changes: list[str]) -> dict[str, Any]:
    """What an existing cluster's settings become, with the steps that a run would take."""
    settings = (before or {}).get("cluster", {}) | after["cluster"]
    return {"cluster": settings, "changes": changes}
