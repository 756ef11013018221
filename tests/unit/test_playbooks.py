# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all playbooks have in common, so that several may follow on each other in one run, each of them whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).parent.parent.parent
PLAYBOOKS = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (TOP / "playbooks").glob("*.yml")}
IMPORT = "ansible.builtin.import_playbook"
# Those that other playbooks import; their plays have no variable __csk_playbook of a user's.
PARTS = ("begin", "nodes", "upgrade_masters", "upgrade_replace", "upgrade_stop")
WHOLE = sorted(set(PLAYBOOKS) - set(PARTS))


@pytest.mark.parametrize("name", WHOLE)
def test_a_playbook_begins_by_judging_whether_it_is_whole(name):
    first = PLAYBOOKS[name][0][IMPORT]
    assert first == "begin.yml" or PLAYBOOKS[first.removesuffix(".yml")][0][IMPORT] == "begin.yml"


def takes_hosts(plays: list[dict[str, Any]]) -> bool:
    """Whether a playbook, or a part of it, has plays of hosts other than localhost."""
    parts = [
        PLAYBOOKS[play[IMPORT].removesuffix(".yml")] for play in plays if play.get(IMPORT, "begin.yml") != "begin.yml"
    ]
    return any(play.get("hosts", "localhost") != "localhost" for play in plays) or any(map(takes_hosts, parts))


@pytest.mark.parametrize("name", [name for name in WHOLE if PLAYBOOKS[name][0][IMPORT] == "begin.yml"])
def test_who_works_on_hosts_says_so(name):
    said = PLAYBOOKS[name][0].get("vars", {})
    assert takes_hosts(PLAYBOOKS[name]) == bool({"__csk_machines", "__csk_others"} & set(said))


@pytest.mark.parametrize("path", [*TOP.glob("playbooks/**/*.yml"), *TOP.glob("roles/*/tasks/*.yml")], ids=str)
def test_no_group_of_a_run_is_used(path):
    """A group keeps what an earlier playbook of the run put into it."""
    if path.name != "begin.yml":  # which hands all of them to the filter that judges a limit
        code = "\n".join(line.partition("#")[0] for line in path.read_text("utf-8").splitlines())
        # A tag would select a part of a playbook.
        assert [word for word in ("groups.", "groups[", "in groups", "tags:") if word in code] == []
