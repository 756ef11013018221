# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What --limit and --tags leave out, as Ansible itself says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible import context
from ansible.errors import AnsibleFilterError
from ansible.utils.context_objects import CLIArgs
from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry import command_line

NAMES = ["localhost", "demo.master-1", "demo.master-2", "demo.new"]
GROUPS = {"all": ["web", "demo.master-1"], "ungrouped": [], "sites": ["web"], "csk_demo": ["demo.master-1"]}


@pytest.mark.parametrize(
    ("limit", "left"),
    [
        (None, []),
        ("localhost,demo.*", []),
        ("localhost:all", []),
        ("localhost,*", []),
        (r"localhost,~demo\..*", []),
        ("localhost", NAMES[1:]),
        ("127.0.0.1,demo.*", ["localhost"]),
        ("demo.*", ["localhost"]),
        ("all", ["localhost"]),
        ("!demo.master-2", ["localhost", "demo.master-2"]),
        ("localhost,all,!demo.master-2", ["demo.master-2"]),
        ("localhost,all,!demo.web-1", ["demo.web-1"]),
        ("localhost,demo.*,!demo.web-*", ["demo.web-*"]),
        ("localhost,all,!web", []),
        ("localhost,all,!sites", []),
        ("localhost,all,!csk_demo", ["demo.master-1"]),
        ("localhost,all,!other.web-1", []),
        ("localhost,csk_demo", ["demo.master-2", "demo.new"]),
        ("localhost,all,&demo.*", ["localhost"]),
        ("nobody", NAMES),
    ],
)
def test_what_a_limit_leaves_out(limit, left):
    assert command_line.left_out(limit, GROUPS, NAMES) == left


@pytest.mark.parametrize(("limit", "left"), [("all", []), ("web", ["localhost"])])
def test_an_inventory_may_have_a_localhost_of_its_own(limit, left):
    groups = {"all": ["localhost", "web"], "ungrouped": ["localhost", "web"]}
    assert command_line.left_out(limit, groups, ["localhost"]) == left


def test_a_limit_may_be_a_file(tmp_path):
    (tmp_path / "failed.retry").write_text("demo.master-1\n")
    assert command_line.left_out(f"@{tmp_path}/failed.retry", {}, NAMES) == ["localhost", "demo.master-2", "demo.new"]


@pytest.mark.parametrize(
    ("tags", "run", "skip", "selected"),
    [
        ([], ["all"], [], True),
        ([], ["x"], [], False),
        ([], ["untagged"], [], True),
        ([], ["tagged"], [], False),
        ([], ["all"], ["x"], True),
        ([], ["all"], ["untagged"], False),
        ([], ["all"], ["all"], False),
        (["cluster"], ["cluster"], [], True),
        (["cluster"], ["x"], [], False),
        (["cluster"], ["all"], ["cluster"], False),
        (["cluster", "never"], ["all"], [], False),
        (["cluster", "never"], ["cluster"], [], True),
        (["always"], ["x"], [], True),
    ],
)
def test_what_tags_select(monkeypatch, tags, run, skip, selected):
    monkeypatch.setattr(context, "CLIARGS", CLIArgs({"tags": run, "skip_tags": skip}))
    action = SimpleNamespace(_task=SimpleNamespace(get_play=lambda: SimpleNamespace(tags=tags)))
    found = command_line.command_line(action, {"groups": {}})
    assert (found.selected, found.tagged, found.limit) == (selected, bool(tags), None)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ""),
        ({"subset": "localhost"}, ""),
        ({"subset": "web"}, "leaves out localhost"),
        ({"subset": "localhost", "skip_tags": ["always"]}, "--skip-tags"),
        ({"start_at_task": "Wait", "args": ["csk.kubernetes.create"]}, "--start-at-task"),
        ({"start_at_task": "Wait", "args": [str(command_line._PLAYBOOKS / "create.yml")]}, "--start-at-task"),
        ({"start_at_task": "Mine", "args": ["site.yml"]}, ""),
    ],
)
def test_a_playbooks_first_play(monkeypatch, given, told):
    monkeypatch.setattr(context, "CLIARGS", CLIArgs(given))
    if told:
        with pytest.raises(AnsibleFilterError, match=told):
            command_line.whole_run("localhost", {})
    else:
        assert command_line.whole_run("localhost", {}) == "localhost"
