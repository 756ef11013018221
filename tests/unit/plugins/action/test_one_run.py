# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the playbooks' plays, where several playbooks follow on each other in one run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
import pytest
import yaml

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections
PLAYBOOKS = Path(anchor.__file__).parents[3] / "playbooks"
COMMAND = [sys.executable, "-c", "from ansible.cli.playbook import main; main()"]


def plays(*names: str) -> list[dict[str, Any]]:
    """Plays of our playbooks that have hosts of their own, which only say which hosts they have."""
    found = []
    for name in names:
        for play in yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text("utf-8")):
            if "__csk_taken" in str(play.get("hosts")) or "__csk_all" in str(play.get("hosts")):
                say = {
                    "ansible.builtin.debug": {"msg": f"<{{{{ mine }}}} {play['name']}: {{{{ inventory_hostname }}}}>"}
                }
                kept = {"name": play["name"], "hosts": play["hosts"], "gather_facts": False, "tasks": [say]}
                found.append(kept | {"vars": {"__csk_all": ALL}})
    return found


ALL = "{{ hostvars.localhost.__csk_taken.results | default([]) | map(attribute='item') }}"
TAKE = {"ansible.builtin.import_tasks": str(PLAYBOOKS / "tasks" / "take_machines.yml")}


def run(folder: Path, parts: list[dict[str, Any]], *imports: dict[str, Any]) -> list[str]:
    """What the plays said, each import's own."""
    take = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [TAKE | {"vars": {"__csk_machines": "{{ machines }}"}}],
    }
    (folder / "part.json").write_text(json.dumps([take, *parts]), "utf-8")
    site = [{"ansible.builtin.import_playbook": "part.json", "vars": variables} for variables in imports]
    (folder / "site.json").write_text(json.dumps(site), "utf-8")
    env = os.environ | {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
    }
    ran = subprocess.run([*COMMAND, "site.json"], env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return re.findall(r'"msg": "<(.*)>"', ran.stdout)


def machines(cluster: str, **steps: str) -> list[dict[str, Any]]:
    variables = {"ansible_connection": "local", "csk_cluster_name": cluster}
    return [{"name": f"{cluster}.{node}", "step": step, "variables": variables} for node, step in steps.items()]


def test_a_play_of_create_has_the_machines_of_its_own_cluster(tmp_path):
    imports = [
        {"mine": "one", "machines": machines("red", m="bootstrap", w="join")},
        {"mine": "two", "machines": machines("blue", m="bootstrap", w="join")},
        {"mine": "three", "machines": machines("red", n="join")},
        {"mine": "four", "machines": []},
    ]
    said = sorted(run(tmp_path, plays("nodes"), *imports))
    registries = "Point the container runtime at the mirrors and the proxy"
    masters, rest = "Start the masters, all at once", "Finish the masters, join the others, install the network"
    expected = [f"{mine} {rest}: localhost" for mine in ("one", "two", "three", "four")]
    for mine, cluster in (("one", "red"), ("two", "blue")):
        expected += [f"{mine} {masters}: {cluster}.m"]
        expected += [f"{mine} {play}: {cluster}.{node}" for play in (registries, rest) for node in "mw"]
    expected += [f"three {play}: red.n" for play in (registries, rest)]
    assert said == sorted(expected)


@pytest.mark.parametrize("name", ["renew", "load_image", "rebuild"])
def test_so_has_the_play_of(tmp_path, name):
    imports = [
        {"mine": "one", "machines": machines("red", m="")},
        {"mine": "two", "machines": machines("blue", m="master")},
        {"mine": "three", "machines": []},
    ]
    said = [line.partition(" ")[0] + line.rpartition(":")[2] for line in run(tmp_path, plays(name), *imports)]
    assert said == ["one red.m", "two blue.m"]


def test_so_have_the_plays_of_an_upgrade_each_stop_its_own(tmp_path):
    parts = plays("upgrade_stop", "upgrade_masters", "upgrade_replace")
    steps = {"m": "master", "w": "worker", "r": "replace", "a": "addons"}
    second = {node: f"{step}_2" for node, step in steps.items()}
    imports = [
        {"mine": "one", "__csk_of": "", "machines": machines("red", **steps)},
        {"mine": "two", "__csk_of": "_2", "machines": machines("red", **second)},
        {"mine": "three", "__csk_of": "", "machines": machines("blue", **steps)},
        {"mine": "four", "__csk_of": "_2", "machines": machines("blue", **steps)},  # there is no second stop
    ]
    said = run(tmp_path, parts, *imports)
    for mine, cluster in (("one", "red"), ("two", "red"), ("three", "blue")):
        own = [line.rpartition(": ")[2] for line in said if line.startswith(f"{mine} ")]
        assert sorted(own) == sorted(f"{cluster}.{node}" for node in "mwmwra"), said
    assert not [line for line in said if line.startswith("four")]
