# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-playbook's command line leaves out, judged by Ansible's own code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ansible import context
from ansible.errors import AnsibleError, AnsibleFilterError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.taggable import Taggable
from ansible.plugins.action import ActionBase

from ..core.errors import CskError
from ..work.whole import CommandLine, first_problems

_PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
_COLLECTION = "csk.kubernetes."


def left_out(limit: str | None, groups: Mapping[str, Iterable[str]], names: Sequence[str]) -> list[str]:
    """Those of some hosts' names that a limit doesn't let through, and those that it excludes from their clusters.

    :param groups: of the run's inventory; the names need not be in it yet.
    """
    inventory = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group)
    for name in names:
        if name != "localhost":  # Ansible's own, where an inventory has none; "all" doesn't include it
            inventory.add_host(name, "all")
    inventory.reconcile_inventory()
    inventory.subset(limit)
    patterns = list(inventory._subset or ())
    # One that names nobody is an error to Ansible where it was told so (HOST_PATTERN_MISMATCH).
    inventory._subset = [pattern for pattern in patterns if _names_somebody(inventory, pattern)]
    through: set[str] = set()
    if inventory._subset or not patterns:
        inventory.get_hosts()  # as ansible-playbook does first: --limit 127.0.0.1 names Ansible's own localhost so
        through = {name for name in names if name in [host.name for host in inventory.get_hosts(name)]}
    out = [name for name in names if name not in through]
    clusters = tuple({f"{name.partition('.')[0]}." for name in names if "." in name})
    excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return out + [name for name in excluded if clusters and name.startswith(clusters) and name not in out]


def _names_somebody(inventory: InventoryManager, pattern: str) -> bool:
    try:
        return bool(inventory.get_hosts(pattern.lstrip("!&"), ignore_limits=True))
    except AnsibleError:
        return False


def whole_run(host: str, groups: Mapping[str, Iterable[str]]) -> str:
    """The filter: the host of a playbook's first play, where nothing keeps that from judging the rest.

    :raises AnsibleFilterError: with what is in the way.
    """
    given = context.CLIARGS
    start = given.get("start_at_task") or ""
    started = start if any(_is_ours(argument) for argument in given.get("args") or ()) else ""
    limit = given.get("subset")
    out = left_out(limit, groups, [host]) if limit else []
    problems = first_problems(limit, out, given.get("skip_tags") or (), started)
    if problems:
        raise AnsibleFilterError(str(CskError(problems)))
    return host


def command_line(action: ActionBase, variables: Mapping[str, Any]) -> CommandLine:
    """The command line, as a task of a playbook of csk's sees it; no task of them but this one has tags."""
    given = context.CLIARGS
    tags = set(action._task.get_play().tags)
    words = {"--tags": given.get("tags") or (), "--skip-tags": given.get("skip_tags") or ()}
    limit = given.get("subset")
    return CommandLine(
        limit=limit,
        left_out=partial(left_out, limit, variables["groups"]),
        tags=" ".join(f"{option} {','.join(values)}" for option, values in words.items() if values),
        selected=_Task(tags).evaluate_tags(set(words["--tags"]), set(words["--skip-tags"]), {}),
        tagged=bool(tags),
    )


def _is_ours(playbook: str) -> bool:
    return playbook.startswith(_COLLECTION) or Path(playbook).resolve().parent == _PLAYBOOKS.resolve()


class _Task(Taggable):
    """A task with these tags."""

    tags = None
    _loader = None

    def __init__(self, tags: set[str]) -> None:
        self.tags = tags

    def _get_all_taggable_objects(self) -> tuple[()]:
        return ()
