# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint leaves a master that is about to change, by role endpoint on hosts of the inventory plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .conftest import TestCluster
from .kube import until


def role(cluster: TestCluster, folder: Path, tasks: str, master: str) -> None:
    """Run one entry point of role endpoint on a master, as somebody with a playbook of their own does."""
    (folder / "csk.yml").write_text(
        json.dumps({"plugin": "csk.kubernetes.csk", "csk_home": str(cluster.playbooks.home)})
    )
    task = {"ansible.builtin.include_role": {"name": "csk.kubernetes.endpoint", "tasks_from": tasks}}
    play = {"hosts": f"{cluster.name}.{master}", "gather_facts": False, "tasks": [task]}
    (folder / "play.yml").write_text(json.dumps([play]))
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "csk.yml", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_leaves_and_may_return(healthy: TestCluster, tmp_path: Path) -> None:
    endpoint = healthy.record.endpoint
    before = healthy.machines.holder(endpoint)
    role(healthy, tmp_path, "leave", before)
    after = until(lambda: healthy.machines.holder(endpoint, without=before), 30)
    assert after != before
    assert healthy.kube.run("get", "nodes").returncode == 0
    role(healthy, tmp_path, "return", before)
    role(healthy, tmp_path, "leave", after)
    last = until(lambda: healthy.machines.holder(endpoint, without=after), 30)
    role(healthy, tmp_path, "return", after)
    assert last != after
