# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process a run is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import at_once

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections
SCRIPT = """
import os
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
print(os.getpid(), flush=True)
if os.fork() == 0:
    os.setsid()  # as Ansible's workers do
    if os.fork() == 0:
        print(Run.current().pid, flush=True)
        os._exit(0)
    os.wait()
    os._exit(0)
os.wait()
print(Run.current().pid)
"""


def test_forks_are_one_run():
    me = Run.current()
    assert {run.id for run in at_once(3, lambda _: Run.current())} == {me.id}
    assert me == Run.current()
    assert not me.is_gone()
    assert me.is_here(me)


def test_a_program_started_by_a_run_is_another_run():
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pids = subprocess.check_output([sys.executable, "-c", SCRIPT], env=environment, text=True).split()
    assert len(set(pids)) == 1
    assert int(pids[0]) != Run.current().pid


def test_a_process_that_may_not_be_looked_at_lives(monkeypatch, tmp_path):
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import run as module

    me = Run.current()
    monkeypatch.setattr(module, "_PROC", tmp_path)

    def not_permitted(_pid, _signal):
        raise PermissionError

    monkeypatch.setattr(module.os, "kill", not_permitted)
    assert not me.is_gone()
