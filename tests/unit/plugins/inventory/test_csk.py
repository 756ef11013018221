# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, asked through ansible-inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors as anchor
import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import NewMachine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger

ROOT = Path(anchor.__file__).parents[6]  # the folder that holds ansible_collections
NOW = datetime(2026, 11, 24, tzinfo=UTC)
COMMAND = [sys.executable, "-c", "from ansible.cli.inventory import main; main()"]


def make(ledger: Ledger, name: str, workers: int = 2) -> None:
    ledger.create_cluster(name, "default", "1.36.3", {"provider": "container"})
    ledger.put_pool(name, "web-front", {})
    new = [NewMachine("master", None, f"zone-{zone}", "create", NOW) for zone in "abc"]
    new += [NewMachine("worker", "web-front", "zone-a", "scale", NOW)] * workers
    ledger.add_machines(name, new)
    ledger.set_machine_status(name, ["master-1"], "ready")


def plain(value: dict) -> Any:
    """Return a string that isn't a template as ansible-inventory marks it, without the mark."""
    return value.get("__ansible_unsafe", value)


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ask(tmp_path, home):
    """Return what ansible-inventory says of an inventory file, and its warnings."""

    def ask(text: str = "plugin: csk.kubernetes.csk", name: str = "csk.yml", **environment: str):
        (tmp_path / name).write_text(text)
        variables = os.environ | {
            "CSK_HOME": str(home),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
        }
        command = [*COMMAND, "-i", str(tmp_path / name), "--list"]
        run = subprocess.run(
            command, env=variables | environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return json.loads(run.stdout, object_hook=plain) if run.returncode == 0 else None, run.stderr

    return ask


def test_hosts_and_groups(ask, home):
    ledger = Ledger.make(str(home))
    make(ledger, "demo")
    make(ledger, "other")
    ledger.put_secret("demo", "ca.key", b"hush")
    found, warnings = ask()
    assert "WARNING" not in warnings
    hosts = found["_meta"]["hostvars"]
    assert set(hosts) == {
        f"{c}.{n}"
        for c in ("demo", "other")
        for n in ("master-1", "master-2", "master-3", "web-front-1", "web-front-2")
    }
    expected = {
        "csk_cluster_name": "demo",
        "csk_node": "web-front-2",
        "csk_role": "worker",
        "csk_pool": "web-front",
        "csk_zone": "zone-a",
        "csk_address": "172.30.0.15",
        "csk_origin": "scale",
        "csk_status": "new",
        "ansible_host": "demo.web-front-2",
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    assert {key: hosts["demo.web-front-2"].get(key) for key in expected} == expected
    assert hosts["demo.web-front-2"]["ansible_connection"].startswith("community.docker.")
    assert hosts["demo.master-2"]["csk_pool"] == ""
    assert set(found["csk_demo"]["children"]) == {"csk_demo_masters", "csk_demo_pool_web_front"}
    assert found["csk_demo_masters"]["hosts"] == ["demo.master-1", "demo.master-2", "demo.master-3"]
    assert found["csk_demo_pool_web_front"]["hosts"] == ["demo.web-front-1", "demo.web-front-2"]
    assert set(found["csk_zone_zone_b"]["hosts"]) == {"demo.master-2", "other.master-2"}
    assert set(found["csk_status_ready"]["hosts"]) == {"demo.master-1", "other.master-1"}
    assert "hush" not in json.dumps(found)
    assert ledger.cluster("demo").etcd_token not in json.dumps(found)


def test_one_cluster_and_groups_of_ones_own(ask, home):
    ledger = Ledger.make(str(home))
    make(ledger, "demo")
    make(ledger, "other")
    found, _warnings = ask(
        "{plugin: csk.kubernetes.csk, cluster: demo, compose: {twice: csk_node ~ csk_node},"
        " groups: {made: csk_origin == 'create'}, keyed_groups: [{prefix: role, key: csk_role}]}",
        name="my.csk.yaml",
    )
    assert len(found["_meta"]["hostvars"]) == 5
    assert found["_meta"]["hostvars"]["demo.master-1"]["twice"] == "master-1master-1"
    assert len(found["made"]["hosts"]) == len(found["role_master"]["hosts"]) == 3


def test_no_ledger_is_told_and_not_made(ask, home):
    found, error = ask()
    assert found is None
    assert f"there is no ledger at {home}/ledger.db" in " ".join(error.split())
    assert not home.exists()


def test_an_error_of_the_ledger_is_told(ask, home):
    Ledger.make(str(home))
    home.chmod(0o777)
    found, error = ask()
    assert found is None
    assert "csk_home: others may write to" in error


@pytest.mark.parametrize(
    ("name", "taken"), [("csk.yml", True), ("a.csk.yaml", True), ("demo.yml", False), ("mycsk.yml", False)]
)
def test_file_names(ask, home, name, taken):
    make(Ledger.make(str(home)), "demo")
    found, _warnings = ask(name=name)
    assert (found is not None) == taken


def test_cache(ask, home, tmp_path):
    make(Ledger.make(str(home)), "demo")
    cache = {
        "ANSIBLE_INVENTORY_CACHE": "true",
        "ANSIBLE_INVENTORY_CACHE_PLUGIN": "ansible.builtin.jsonfile",
        "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(tmp_path / "cache"),
    }
    first, _warnings = ask(**cache)
    Ledger.open(str(home)).delete_cluster("demo")
    assert ask(**cache)[0] == first
    assert ask()[0]["_meta"]["hostvars"] == {}


def test_a_thousand_nodes_are_listed(ask, home):
    ledger = Ledger.make(str(home))
    for number in range(25):
        make(ledger, f"demo-{number}", workers=37)
    found, _warnings = ask()
    assert len(found["_meta"]["hostvars"]) == 1000
