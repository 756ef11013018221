# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many machines each provider has to make beside the old ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.upgrade import planning

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def machine(name, provider, replaces=None):
    return Machine("demo", name, "worker", "web", "a", "", "create", NOW, "ready", "1.36.3", replaces, provider)


MACHINES = [machine(f"near-{n}", "near") for n in (1, 2, 3)] + [machine(f"far-{n}", "far") for n in (1, 2)]


@pytest.mark.parametrize(
    ("batches", "heirs", "found"),
    [
        ([], [], {}),
        ([["near-1", "near-2"], ["near-3", "far-1"], ["far-2"]], [], {"near": 2, "far": 1}),
        ([["near-1", "near-2"]], [machine("near-4", "near", "near-1")], {"near": 1}),
        ([["far-1"]], [machine("far-3", "far", "far-1"), machine("far-4", "far", "gone-1")], {"far": 0}),
    ],
)
def test_the_most_of_a_batch(batches, heirs, found):
    assert planning._by_provider([*MACHINES, *heirs], batches) == found
