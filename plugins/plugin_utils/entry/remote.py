# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that a task runs on, through Ansible's connection."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..core.remote import Answer


class TaskHost:
    """The host of an action plugin's task; see core.remote.Remote.

    :param variables: the task's.
    """

    def __init__(self, action: ActionBase, variables: dict[str, Any]) -> None:
        self._action = action
        self._variables = variables

    @property
    def python(self) -> str:
        """The Python interpreter there."""
        delegated = self._variables.get("ansible_delegated_vars", {})
        where = delegated.get(self._action._task.delegate_to, self._variables)
        return where.get("ansible_python_interpreter", "/usr/bin/python3")

    def run(self, command: str, text: str = "") -> Answer:
        """Run a command there as root, with a text as its standard input."""
        result = self._action._low_level_execute_command(command, in_data=text.encode() or None, sudoable=True)
        return Answer(result.get("rc"), result.get("stdout", ""), result.get("stderr", ""))

    def put(self, source: str, path: str) -> None:
        """Copy a file of the controller to there, in constant memory, as the connection's user."""
        self._action._connection.put_file(source, path)

    def fetch(self, path: str, target: str) -> None:
        """Copy a file from there into one of the controller."""
        self._action._connection.fetch_file(path, target)
