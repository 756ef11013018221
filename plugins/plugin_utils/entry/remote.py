# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that a task runs on, and other machines, through Ansible's connections."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import connection_loader

from ..core.errors import CskError, Problem
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

    def send(self, source: str, path: str) -> None:
        """Copy a file of the controller there, for root alone."""
        folder = self._action._make_tmp_path()  # for the user who connects; root may be another one
        try:
            received = self._action._connection._shell.join_path(folder, "received")
            self._action._transfer_file(source, received)
            answer = self.run(f"set -e; chown 0:0 {received}; chmod 600 {received}; mv -f {received} {path}")
        finally:
            self._action._remove_tmp_path(folder)
        if answer.rc != 0:
            rule = "the host takes it as root, and has room for it."
            fix = "see what the host says, then run the playbook again."
            raise CskError(Problem(path, f"can't be written: {answer.stderr.strip()[-300:]}", rule, fix))


def reach(variables: Mapping[str, Any], command: str) -> Answer:
    """Run a command on a machine that no task of the run is on, by its connection variables."""
    # As Ansible makes one for a task; some plugins still want new_stdin, which nothing uses.
    more = {"new_stdin": None, "task_uuid": "", "ansible_playbook_pid": str(os.getppid())}
    name = variables["ansible_connection"]
    try:
        connection = connection_loader.get(name, PlayContext(), **more)
        if connection is None:
            return Answer(None, "", f"there is no connection {name}")
        connection.set_options(var_options=dict(variables))
        code, out, err = connection.exec_command(command, sudoable=True)
        connection.close()
    except (AnsibleError, OSError) as error:
        return Answer(None, "", str(error))
    return Answer(code, out.decode(errors="replace"), err.decode(errors="replace"))
