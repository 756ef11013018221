# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins of the csk_* modules share: arguments, a session, errors, results."""

from __future__ import annotations

import json
import multiprocessing
import time
from abc import abstractmethod
from contextlib import closing
from functools import partial
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleTemplateError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..core.errors import CskError, Problem
from ..core.process import die_with_parent
from ..work import argspec
from ..work.steps import Task, note, open_session
from ..work.variables import completed, text_problems, variable_problems
from .remote import TaskHost, reach


class CskAction(ActionBase):
    """An action plugin that does a module's work on the controller.

    A subclass names its module and the function of ``work`` that does it; its errors become the task's message, all at
    once.
    """

    module = ""
    logged = False  # whether what it changes goes into the ledger's log of operations
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task."""
        result = super().run(tmp, task_vars)
        if parent := multiprocessing.parent_process():  # ansible-playbook, of whose workers this is one
            die_with_parent(parent.pid)
        started = time.monotonic()
        try:
            wrong = [
                found
                for name, value in self._task.args.items()
                # csk_plan takes the variables themselves.
                for found in argspec.key_problems(
                    value, f"{'csk_' if self.module == 'csk_plan' else self.module + '.'}{name}"
                )
            ]
            if wrong:
                raise CskError(wrong)
            # Ansible's values carry tags that neither YAML nor the ledger takes.
            arguments = json.loads(json.dumps(dict(self._task.args), default=str))
            # csk_plan tells them with all the rest, but for what its own arguments come from.
            problems = (text_problems if self.module == "csk_plan" else variable_problems)(task_vars or {})
            if problems:
                raise CskError(problems)
            arguments = completed(self.module, arguments, partial(self._variable, task_vars or {}))
            values = argspec.module_arguments(self.module, arguments)
            with closing(open_session(values, self.say, reach)) as session:
                task = Task(
                    session=session,
                    values=values,
                    variables=task_vars or {},
                    check=bool(self._task.check_mode),
                    warn=self._display.warning,
                    remote=TaskHost(self, task_vars or {}),
                )
                logged = self.module if self.logged and not task.check else ""
                try:
                    result.update(self.work(task))
                except CskError as error:
                    if logged and error.details:  # something was done before
                        note(task, logged, "failed", started, error.details | {"error": str(error)})
                    raise
                if logged and result.get("changed"):
                    note(task, logged, "ok", started, result)
        except CskError as error:
            problems = [vars(problem) for problem in error.problems]
            raise AnsibleActionFail(str(error), result={"problems": problems, **error.details}) from None
        return result

    @abstractmethod
    def work(self, task: Task) -> dict[str, Any]:
        """Do the work and return the task's result."""

    def _variable(self, task_vars: dict[str, Any], name: str) -> Any:
        """A variable of the run with its templates evaluated, as plain data; None where there is none."""
        if name not in task_vars:
            return None
        try:
            # As a part of a dictionary, from which what is omitted goes.
            found = self._templar.template({name: task_vars[name]})
        except AnsibleTemplateError as error:
            rule = "an option that a task doesn't give is read from the variable of its name."
            what = f"can't be evaluated: {error.message}"
            raise CskError(Problem(name, what, rule, "mend the variable, or remove it.")) from None
        return json.loads(json.dumps(dict(found), default=str)).get(name)

    @staticmethod
    def say(line: str) -> None:
        """Show a line of progress."""
        Display().display(f"  {line}")
