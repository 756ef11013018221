# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes end with the one that started them, whichever number that has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
import pytest

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections
# The one that is waited for starts a child, which says whose child it is, and then waits for what never comes.
SCRIPT = """
import os, signal, sys
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.process import die_with_parent
parent = os.getpid()
if os.fork() == 0:
    die_with_parent(parent + int(sys.argv[1]))
    print(os.getppid(), flush=True)
    if sys.argv[2] == "end":
        signal.pause()
    os._exit(0)
if sys.argv[2] == "end":
    os.read(0, 1)  # until the test has read
    os.kill(parent, signal.SIGKILL)
print(os.WTERMSIG(os.wait()[1]))
"""
COMMAND = [sys.executable, "-c", SCRIPT]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}
NEW_PIDS = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def test_a_child_ends_with_its_parent():
    with subprocess.Popen(
        [*COMMAND, "0", "end"], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == f"{process.pid}\n"
        # The pipe ends when the child has ended too, which has it from its parent.
        assert process.communicate("x", timeout=10)[0] == ""
    assert process.returncode == -signal.SIGKILL


def said(*command: str) -> list[str]:
    """What the two print: whose child the first is, and the signal that ended it."""
    return subprocess.check_output([*command, "look"], env=ENVIRONMENT, text=True, timeout=20).split()


def test_a_child_that_is_the_child_of_another_by_now_ends():
    assert said(*COMMAND, "1") == [str(signal.SIGKILL.value)]


@pytest.mark.skipif(
    subprocess.run([*NEW_PIDS, "true"], capture_output=True, check=False).returncode != 0,
    reason="only root makes pid namespaces",
)
def test_process_1_may_be_the_parent():
    assert said(*NEW_PIDS, *COMMAND, "0") == ["1", "0"]
