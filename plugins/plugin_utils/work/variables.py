# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a run, whatever they are used for later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..control_planes.stacked.snapshots import kept_problem
from ..core.errors import Problem
from ..rules import spec
from . import argspec

# The variables that csk's playbooks know; every other csk_ variable is a mistake that must not be ignored.
VARIABLES = (
    "csk_cluster",
    "csk_nodepools",
    "csk_stacks",
    "csk_name",
    "csk_confirm",
    "csk_home",
    "csk_ledger_url",
    "csk_catalogue",
    "csk_quotas",
    "csk_today",
    "csk_take_over",
    "csk_image",
    "csk_nodes",
    "csk_upgrade_to",
    "csk_upgrade_options",
    "csk_snapshot",
    "csk_snapshot_dir",
    "csk_snapshots_kept",
)


def variable_problems(given: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with a run's csk_ variables: those that no playbook knows, and values that only a later task reads.

    :param given: all variables of the run, as they were given; templates aren't evaluated.
    """
    problems = [
        argspec.unknown(name, list(VARIABLES), name, "variable") for name in spec.file_variables(given, VARIABLES)
    ]
    kept = given.get("csk_snapshots_kept", 1)
    wrong = None if "{{" in str(kept) else kept_problem(kept)
    return [*problems, wrong] if wrong else problems
