# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All of a run, or none: what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import whole


@pytest.mark.parametrize(
    ("limit", "left_out", "skipped", "start", "found"),
    [
        (None, [], (), "", []),
        ("localhost", [], ("slow",), "", []),
        ("web", ["localhost"], (), "", ["--limit"]),
        (None, [], ("always",), "", ["--skip-tags"]),
        (None, [], (), "Wait", ["--start-at-task"]),
        ("web", ["localhost"], ("always",), "Wait", ["--limit", "--skip-tags", "--start-at-task"]),
    ],
)
def test_what_keeps_a_playbook_from_its_first_task(limit, left_out, skipped, start, found):
    assert [problem.where for problem in whole.first_problems(limit, left_out, skipped, start)] == found


def machines(cluster):
    if cluster == "broken":
        raise CskError(Problem("ledger", "isn't there.", "", ""))
    return [SimpleNamespace(name=name) for name in ("master-1", "web-1")] if cluster == "demo" else []


def begin(clusters=(), hosts=(), variables=None, **given):
    command = {"limit": None, "left_out": lambda _names: [], "tags": "--tags x", "selected": True, "tagged": False}
    task = SimpleNamespace(
        session=SimpleNamespace(ledger=SimpleNamespace(machines=machines), started=lambda: 1000.0),
        values={"clusters": list(clusters), "hosts": list(hosts)},
        variables=variables or {},
    )
    return whole.begin(task, whole.CommandLine(**(command | given)))


@pytest.mark.parametrize(
    ("clusters", "hosts", "asked"),
    [
        ([], [], []),
        ([""], ["csk-build"], ["csk-build"]),
        (["demo"], [], ["demo.master-1", "demo.web-1", "demo.new"]),
        (["demo", "demo", "other"], [], ["demo.master-1", "demo.web-1", "demo.new", "other.new"]),
        (["broken"], [], ["broken.new"]),
    ],
)
def test_a_limit_is_asked_for_all_hosts_of_the_run(clusters, hosts, asked):
    seen = []
    begin(clusters, hosts, limit="x", left_out=lambda names: seen.extend(names) or [])
    assert seen == asked


@pytest.mark.parametrize(
    ("left", "parts"),
    [
        (["demo.web-1"], ("'x' leaves out demo.web-1.", "'localhost,demo.*'")),
        (["demo.web-1", "demo.new"], ("demo.web-1, new machines of demo.",)),
        (["csk-build"], ("csk-build", "'localhost,csk-build,demo.*'")),
    ],
)
def test_what_a_limit_leaves_out_is_told(left, parts):
    with pytest.raises(CskError) as error:
        begin(["demo"], limit="x", left_out=lambda _names: left)
    assert all(part in str(error.value) for part in parts), error.value


def test_tags_leave_out_all_or_nothing():
    with pytest.raises(CskError, match="--tags x leave out all its tasks"):
        begin(selected=False)
    # Who gave the playbook tags of its own may leave it out; no limit matters then.
    assert begin(["demo"], selected=False, tagged=True, limit="x", left_out=lambda names: names)["started"] is None
    assert begin(selected=True, tagged=True)["changed"] is False


def test_a_later_playbook_of_a_run_began_when_it_began():
    assert begin()["started"] is None
    assert begin(variables={whole.REGISTERED: {"started": None}})["started"] > 1.7e9


@pytest.mark.parametrize(
    ("variables", "began"),
    [({}, 1000.0), ({"__csk_run": {"started": None}}, 1000.0), ({"__csk_run": {"started": 2000.5}}, 2000.5)],
)
def test_when_a_playbook_began(variables, began):
    task = SimpleNamespace(session=SimpleNamespace(started=lambda: 1000.0), variables=variables)
    assert whole.began(task) == began
