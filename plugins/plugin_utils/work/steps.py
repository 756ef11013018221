# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of a run: what a csk_* task is given, and what the ledger's log says of it."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..context.given import Given
from ..context.pin import pin
from ..context.session import Session
from ..core.remote import Answer, Remote, unreachable
from . import argspec


@dataclass(frozen=True)
class Task:
    """What a task of a csk_* module asks for, and what its work may use.

    :param values: the task's arguments, checked, with their defaults.
    :param variables: all variables of the run.
    :param check: whether nothing may be changed.
    :param warn: shows a warning.
    :param remote: the host that the task runs on; only where the module needs one.
    """

    session: Session
    values: dict[str, Any]
    variables: dict[str, Any]
    check: bool
    warn: Callable[[str], None]
    remote: Remote

    def say(self, line: str) -> None:
        """Show a line of progress."""
        self.session.say(line)


def open_session(
    values: dict[str, Any], say: Callable[[str], None], reach: Callable[[Mapping[str, Any], str], Answer] = unreachable
) -> Session:
    """The session of a step.

    :param values: a module's arguments, of which those that every csk_* module has count.
    :param say: shows a line of progress.
    :param reach: runs a command on a machine, by its connection variables.
    :raises CskError: for a date or a quota that isn't one, and where an earlier step of the run had another ledger.
    """
    given = Given.of(values)
    session = Session(given, say, argspec.completed, reach)
    pin(session.run, given)
    return session


def note(task: Task, module: str, end: str, started: float, found: dict[str, Any]) -> None:
    """Note in the ledger's log of operations what was done.

    :param end: ``ok`` or ``failed``.
    :param started: by the monotonic clock.
    """
    values = task.values
    details = {key: found[key] for key in ("changes", "decisions", "error") if found.get(key)}
    about = [values["name"]] if "cluster" in values else [values.get("state"), values.get("node")]
    action = " ".join([module, *filter(None, about)])
    seconds = round(time.monotonic() - started, 1)
    cluster = values.get("cluster") or values["name"]
    task.session.ledger.operation(cluster, action, getpass.getuser(), end, seconds, details)
