# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a run's variables, and which of them stand for options."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import variables


@pytest.mark.parametrize(
    ("given", "wheres"),
    [
        ({}, []),
        ({"csk_snapshots_kept": 1, "other": 0}, []),
        ({"csk_snapshots_kept": "12"}, []),
        ({"csk_snapshots_kept": "{{ kept }}"}, []),
        ({"csk_snapshots_kept": "{% if a %}1{% endif %}"}, []),
        ({"csk_snapshots_kept": 0}, ["csk_snapshots_kept"]),
        ({"csk_snapshots_kept": "0"}, ["csk_snapshots_kept"]),
        ({"csk_snapshots_kept": -1}, ["csk_snapshots_kept"]),
        ({"csk_snapshots_kept": "all"}, ["csk_snapshots_kept"]),
        ({"csk_snapshot_kept": 0, "csk_snapshots_kept": 0}, ["csk_snapshot_kept", "csk_snapshots_kept"]),
    ],
)
def test_a_runs_variables(given, wheres):
    of_ours = given | {"__csk_playbook": "info"}
    assert [problem.where for problem in variables.variable_problems(of_ours)] == wheres


def test_what_a_playbook_lacks_and_what_is_misspelt_are_told_together():
    given = {"__csk_playbook": "artifacts", "csk_versoin": "1.37"}
    assert [problem.where for problem in variables.variable_problems(given)] == ["csk_versoin", "csk_version"]


def test_a_cluster_that_is_only_a_name():
    (problem,) = variables.variable_problems({"__csk_playbook": "info", "csk_cluster": "demo"})
    assert (problem.where, "csk_name" in problem.fix) == ("csk_cluster", True)


def test_a_playbook_of_somebody_else_has_variables_of_its_own():
    assert variables.variable_problems({"csk_something": 1, "csk_snapshots_kept": 0}) == []


@pytest.mark.parametrize(
    ("arguments", "variables_of_the_run", "found"),
    [
        ({}, {}, {}),
        ({"name": "demo"}, {"csk_home": "/v"}, {"name": "demo", "csk_home": "/v"}),
        ({"csk_home": "/t"}, {"csk_home": "/v"}, {"csk_home": "/t"}),
        ({"csk_home": ""}, {"csk_home": "/v"}, {"csk_home": "/v"}),
        ({"csk_home": None}, {"csk_home": ""}, {}),
        ({}, {"csk_quotas": {"nodes": 5}, "csk_take_over": True}, {"csk_quotas": {"nodes": 5}, "csk_take_over": True}),
        ({"csk_take_over": False}, {"csk_take_over": True}, {"csk_take_over": False}),
        ({}, {"csk_name": "demo"}, {}),
    ],
)
def test_common_options_that_a_task_does_not_give(arguments, variables_of_the_run, found):
    assert variables.completed("csk_cluster_info", arguments, variables_of_the_run.get) == found


def test_what_stands_elsewhere_now_is_told_by_every_playbook():
    given = {"__csk_playbook": "node_image", "csk_cluster": {"version": "1.36", "data_root": "/srv"}}
    (problem,) = variables.variable_problems(given)
    assert (problem.where, problem.fix) == ("csk_cluster.data_root", "write it as container.data_root.")
