# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an add-on is available: what it lacks on Nodes that aren't Ready is theirs."""

from __future__ import annotations

from types import SimpleNamespace as Some

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import cluster_api


@pytest.mark.parametrize(
    ("generation", "wanted", "available", "unready", "well"),
    [
        (2, 5, 5, 0, True),
        (2, 5, 4, 0, False),
        (2, 5, 4, 1, True),
        (2, 5, 3, 1, False),
        (2, 5, 0, 5, False),  # nowhere is not available
        (2, 5, None, 5, False),
        (1, 5, 5, 0, False),  # the change isn't seen yet
    ],
)
def test_a_daemon_set(generation, wanted, available, unready, well):
    status = Some(observed_generation=generation, desired_number_scheduled=wanted, number_available=available)
    lacks = cluster_api._set_lacks(Some(status=status, metadata=Some(generation=2)))
    assert (lacks <= unready) == well


@pytest.mark.parametrize(
    ("replicas", "available", "unready", "well"),
    [(2, 2, 0, True), (2, 1, 1, False), (2, None, 4, False), (0, 1, 0, True)],
)
def test_a_deployment(replicas, available, unready, well):
    item = Some(status=Some(available_replicas=available), spec=Some(replicas=replicas))
    assert (cluster_api._deployment_lacks(item) <= unready) == well
