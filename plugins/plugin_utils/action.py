# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins of the csk_* modules share: arguments, a session, errors, results."""

from __future__ import annotations

import getpass
import json
import time
from abc import abstractmethod
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from . import argspec
from .checking import variable_problems
from .errors import CskError
from .process import die_with_parent
from .session import Given, Session


class CskAction(ActionBase):
    """An action plugin that does a module's work on the controller.

    A subclass names its module and says what the work is; its errors become the task's message, all at once.
    """

    module = ""
    logged = False  # whether what it changes goes into the ledger's log of operations
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task."""
        result = super().run(tmp, task_vars)
        die_with_parent()
        started = time.monotonic()
        try:
            # Ansible's values carry tags that neither YAML nor the ledger takes.
            arguments = json.loads(json.dumps(dict(self._task.args), default=str))
            values = argspec.module_arguments(self.module, arguments)
            if values.get("check_variables") and self.module != "csk_plan":  # which tells them with all the rest
                problems = variable_problems(task_vars or {})
                if problems:
                    raise CskError(problems)
            session = Session(Given.of(values), self.say)
            try:
                result.update(self.work(session, values, task_vars or {}))
            except CskError as error:
                if error.details:  # something was done before
                    self._log(session, values, "failed", started, error.details | {"error": str(error)})
                raise
            if result.get("changed"):
                self._log(session, values, "ok", started, result)
        except CskError as error:
            problems = [vars(problem) for problem in error.problems]
            raise AnsibleActionFail(str(error), result={"problems": problems, **error.details}) from None
        return result

    def _log(self, session: Session, values: dict[str, Any], end: str, started: float, found: dict[str, Any]) -> None:
        """Note in the ledger's log of operations what was done."""
        if self.logged and not self.check_mode:
            details = {key: found[key] for key in ("changes", "decisions", "error") if found.get(key)}
            about = [values["name"]] if "cluster" in values else [values.get("state"), values.get("node")]
            action = " ".join([self.module, *filter(None, about)])
            seconds = round(time.monotonic() - started, 1)
            cluster = values.get("cluster") or values["name"]
            session.ledger.operation(cluster, action, getpass.getuser(), end, seconds, details)

    @abstractmethod
    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Do the work and return the task's result.

        :param values: the task's arguments, checked, with their defaults.
        """

    @staticmethod
    def say(line: str) -> None:
        """Show a line of progress."""
        Display().display(f"  {line}")

    @property
    def check_mode(self) -> bool:
        """Whether the task must not change anything."""
        return bool(self._task.check_mode)


def diff(before: Any, after: Any, header: str) -> dict[str, Any]:
    """A diff of two structures, as Ansible shows it."""
    import yaml

    def text(value: Any) -> str:
        return yaml.safe_dump(value, sort_keys=True) if value else ""

    return {"before": text(before), "after": text(after), "before_header": header, "after_header": header}


def cluster_result(cluster: Any) -> dict[str, Any]:
    """A recorded cluster as a result shows it; the etcd token stays out."""
    from .kubeadm import PORT

    return {
        "name": cluster.name,
        "id": cluster.id,
        "status": cluster.status,
        "version": cluster.version,
        "vpc_cidr": cluster.vpc_cidr,
        "endpoint": f"https://{cluster.endpoint}:{PORT}",
        "created_at": cluster.created_at.isoformat(),
        "settings": cluster.spec,
        "restore_from": cluster.restore_from,
    }
