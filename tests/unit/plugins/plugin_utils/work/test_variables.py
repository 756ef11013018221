# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a run's variables, whatever they are used for later."""

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
        ({"csk_snapshots_kept": 0}, ["csk_snapshots_kept"]),
        ({"csk_snapshots_kept": "0"}, ["csk_snapshots_kept"]),
        ({"csk_snapshots_kept": -1}, ["csk_snapshots_kept"]),
        ({"csk_snapshots_kept": "all"}, ["csk_snapshots_kept"]),
        ({"csk_snapshot_kept": 0, "csk_snapshots_kept": 0}, ["csk_snapshot_kept", "csk_snapshots_kept"]),
    ],
)
def test_a_runs_variables(given, wheres):
    assert [problem.where for problem in variables.variable_problems(given)] == wheres
