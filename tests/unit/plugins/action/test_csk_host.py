# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_host in a playbook: hosts come into the run, with any number of forks, and beside a localhost of one's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
import pytest

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections
COMMAND = [sys.executable, "-c", "from ansible.cli.playbook import main; main()"]
MACHINES = [
    {
        "name": f"demo.web-{number}",
        "step": "join" if number < 3 else "",
        "role": "worker",
        "variables": {
            "ansible_connection": "local",
            "csk_node": f"web-{number}",
            "csk_mtu": None,
            "own": {"n": number},
        },
    }
    for number in (1, 2, 3)
]
TAKE = {
    "csk.kubernetes.csk_host": {"machine": "{{ item }}", "groups": ["taken", "taken_{{ item.step }}"]},
    "loop": MACHINES,
    "changed_when": False,
    "when": "item.name != skipped",
}
SHOW = {
    "ansible.builtin.debug": {
        "msg": "<{{ inventory_hostname }} {{ own.n }} {{ csk_mtu is none }} {{ ansible_connection }}>"
    }
}
PLAYBOOK = [
    {"hosts": "{{ at }}", "gather_facts": False, "tasks": [TAKE]},
    {"hosts": "taken", "gather_facts": False, "tasks": [SHOW]},
    {"hosts": "taken_join", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "[{{ csk_node }}]"}}]},
]


def play(folder: Path, *arguments: str, playbook=None) -> str:
    (folder / "play.json").write_text(json.dumps(playbook or PLAYBOOK), "utf-8")
    (folder / "hosts.json").write_text(
        json.dumps({"all": {"hosts": {"localhost": {"ansible_connection": "ssh"}, "one": {}, "two": {}}}}), "utf-8"
    )
    env = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    ran = subprocess.run(
        [*COMMAND, "play.json", *arguments], env=env, cwd=folder, capture_output=True, text=True, check=False
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("at", "arguments"),
    [
        ("localhost", []),
        ("localhost", ["--forks", "1", "--check"]),
        ("localhost", ["--inventory", "hosts.json"]),
        ("one,two", ["--inventory", "hosts.json"]),  # once for all hosts, as in a batch of an upgrade
    ],
)
def test_hosts_come_into_the_run_with_all_their_variables(tmp_path, at, arguments):
    text = play(tmp_path, "--extra-vars", f"at={at} skipped=none", *arguments)
    assert sorted(re.findall(r"<(.*?)>", text)) == [f"demo.web-{n} {n} True local" for n in (1, 2, 3)], text
    assert sorted(re.findall(r"\[(web-.)\]", text)) == ["web-1", "web-2"], text
    assert "changed=1" not in text


def test_a_machine_that_is_skipped_stays_out(tmp_path):
    text = play(tmp_path, "--extra-vars", "at=localhost skipped=demo.web-2")
    assert sorted(found[:10] for found in re.findall(r"<(.*?)>", text)) == ["demo.web-1", "demo.web-3"], text


def test_what_is_no_machine_is_told(tmp_path):
    task = {"csk.kubernetes.csk_host": {"machine": {"name": "web"}, "group": "x"}}
    text = play(tmp_path, playbook=[{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
    assert "csk_host.group: there is no such option" in text, text
    assert "csk_host.machine" in text
