# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host of a task, as work sees it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.remote import Answer
from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.remote import TaskHost, reach

DELEGATED = {"ansible_delegated_vars": {"demo.master-1": {"ansible_python_interpreter": "/usr/bin/python3.13"}}}


def action(delegate_to=None, result=None):
    asked = []

    def low_level(command, **options):
        asked.append((command, options))
        return result

    return SimpleNamespace(
        _task=SimpleNamespace(delegate_to=delegate_to), _low_level_execute_command=low_level, asked=asked
    )


@pytest.mark.parametrize(
    ("delegate_to", "variables", "python"),
    [
        (None, {}, "/usr/bin/python3"),
        (None, {"ansible_python_interpreter": "/opt/python"}, "/opt/python"),
        (None, {"ansible_python_interpreter": "/opt/python"} | DELEGATED, "/opt/python"),
        ("demo.master-1", {"ansible_python_interpreter": "/opt/python"} | DELEGATED, "/usr/bin/python3.13"),
        ("demo.master-2", {"ansible_python_interpreter": "/opt/python"} | DELEGATED, "/opt/python"),
    ],
)
def test_the_interpreter_is_that_of_the_host(delegate_to, variables, python):
    assert TaskHost(action(delegate_to), variables).python == python


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ({"rc": 0, "stdout": "a", "stderr": "b"}, Answer(0, "a", "b")),
        ({}, Answer(None, "", "")),  # the host wasn't reached
    ],
)
def test_a_command_runs_as_root_with_its_input(result, answer):
    there = action(result=result)
    assert TaskHost(there, {}).run("sh", "true") == answer
    assert there.asked == [("sh", {"in_data": b"true", "sudoable": True})]


@pytest.mark.parametrize(
    ("connection", "command", "answer"),
    [
        ("ansible.builtin.local", "echo said; echo told >&2; exit 3", (3, "said\n", "told\n")),
        ("community.docker.docker", "true", (None, "", "docker command not found in PATH")),
        ("csk.kubernetes.none", "true", (None, "", "there is no connection csk.kubernetes.none")),
    ],
)
def test_a_machine_is_reached_by_its_connection(connection, command, answer, monkeypatch):
    monkeypatch.setenv("PATH", "/bin" if "local" in connection else "/nowhere")
    assert reach({"ansible_connection": connection, "ansible_host": "none"}, command) == Answer(*answer)
