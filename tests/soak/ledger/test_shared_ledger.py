# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger on PostgreSQL and a csk_home that is empty at each run, as in AWX's execution environments."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger
from cryptography.fernet import Fernet
from support.machines import Machines
from support.playbooks import Playbooks, cluster_file

NAME = "test-shared"
ROOT = Path(__file__).parents[3]
POSTGRESQL = ROOT / "tests" / "unit" / "plugins" / "plugin_utils" / "ledger"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL that is started for these tests."""
    sys.path.insert(0, str(POSTGRESQL))
    import postgresql

    ends: list[Callable[[], Any]] = []
    url = postgresql.start(ends.append)
    assert url, "PostgreSQL's programs are not there: make test-packages"
    yield url
    for end in reversed(ends):
        end()


def test_a_team_works_with_nothing_kept_in_between(playbooks: Playbooks, server: str, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    environment = {"CSK_LEDGER_URL": server, "CSK_LEDGER_KEY": key}
    runs = 0

    def run(playbook: str, file: dict[str, Any] | None = None, **variables: str) -> Any:
        nonlocal runs
        runs += 1
        fresh = Playbooks(tmp_path / f"home-{runs}", tmp_path, environment)
        outcome = fresh.run(playbook, file=file, checkout=ROOT, **variables)
        assert key not in outcome.text
        assert "CERTIFICATE" not in outcome.text
        return outcome

    def pool(size: int) -> dict[str, Any]:
        file = cluster_file(NAME)
        return file | {"csk_nodepools": [file["csk_nodepools"][0] | {"desired_size": size}]}

    try:
        run("create", pool(1)).good()
        assert not run("create", pool(1)).good().changed
        assert "4 of 4 ready" in run("info", csk_name=NAME).good().text
        run("scale", pool(2)).good()
        inventory = ["ansible-inventory", "-i", ROOT / "inventories" / "awx" / "csk.yml", "--list"]
        listed = subprocess.run(
            [Path(sys.executable).with_name(inventory[0]), *inventory[1:]],
            env=playbooks.env() | environment | {"CSK_HOME": str(tmp_path / "empty-home")},
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
        groups = json.loads(listed.stdout)
        assert groups["csk_origin_scale"]["hosts"] == [f"{NAME}.default-2"]
        assert sorted(groups["csk_role_master"]["hosts"]) == [f"{NAME}.master-{number}" for number in (1, 2, 3)]
        run("scale", pool(1)).good()
        assert Machines(NAME).names() == ["default-1", "master-1", "master-2", "master-3"]
    finally:
        run("delete", csk_name=NAME, csk_confirm=NAME).good()
    assert Machines(NAME).left() == []
    assert Ledger.open(str(tmp_path / "home-1"), server, key=key).clusters() == []


def test_a_shared_ledger_without_its_key(playbooks: Playbooks, server: str, tmp_path: Path) -> None:
    fresh = Playbooks(tmp_path / "home", tmp_path, {"CSK_LEDGER_URL": server})
    refused = fresh.run("create", file=cluster_file("test-keyless")).refused("CSK_LEDGER_KEY", "is missing", "Do:")
    assert Machines("test-keyless").left() == []
    assert "problems:" not in refused.text
