# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quotas, around their bounds."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import quotas
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.quotas import Quotas


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, Quotas(10, 40)),
        ({}, Quotas(10, 40)),
        ({"clusters": None, "nodes": None}, Quotas(10, 40)),
        ({"clusters": 20}, Quotas(20, 40)),
        ({"clusters": 1, "nodes": 5}, Quotas(1, 5)),
    ],
)
def test_quotas_are_raised_by_configuration(given, expected):
    assert Quotas.of(given) == expected


def test_quotas_that_are_none():
    with pytest.raises(CskError) as caught:
        Quotas.of({"clusters": 0, "nodes": -1})
    assert [problem.where for problem in caught.value.problems] == ["csk_quotas.clusters", "csk_quotas.nodes"]


@pytest.mark.parametrize(("have", "refused"), [(0, False), (9, False), (10, True), (11, True)])
def test_one_cluster_more(have, refused):
    assert (quotas.clusters_problem(have, 10) is not None) == refused


@pytest.mark.parametrize(
    ("masters", "workers", "refused"),
    [(3, 37, None), (3, 38, "at most 37"), (5, 36, "at most 35"), (41, 0, "at most 0")],
)
def test_nodes_of_a_cluster(masters, workers, refused):
    problem = quotas.nodes_problem(masters, workers, 40)
    assert (problem is not None) == (refused is not None)
    if problem:
        assert refused in problem.fix
