# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools a kubelet is asked about, and how its answer is told."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import Capacity
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.kubelets import kubelet_problems

POOL = argspec.check({"name": "web", "desired_size": 1}, argspec.settings("csk_nodepool"), "csk_nodepool")[0]
CLUSTER = {"name": "demo", "provider": "container"}
TAKEN = 'x "command failed" err="failed to run Kubelet: cannot exit on lock file contention: no lock file specified"\n'


class Session:
    """A session whose providers' kubelets answer what they are to answer, in turn."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def planned_fleet(self, _settings: Any, _names: Any) -> Session:
        """It is its own fleet."""
        return self

    def capacity_at(self, _provider: str) -> Capacity:
        """A host."""
        return Capacity(8, 16 << 30)

    def shares_kernel(self, _provider: str) -> bool:
        """Its disk is its own."""
        return False

    def try_out_at(self, provider: str, version: str, _script: str) -> str:
        """Note who was asked."""
        self.asked.append(f"{provider} {version}")
        return "".join(f"csk-asked {number}\n{text}" for number, text in enumerate(self.answers))


def pool(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(POOL)
    for key, values in changes.items():
        made[key] = made[key] | values if isinstance(values, dict) else values
    return made


def refusal(why: str) -> str:
    return f'x "command failed" err="failed to validate kubelet configuration, error: {why}, path: &TypeMeta{{}}"\n'


def test_nothing_is_asked_where_nothing_is_said():
    session = Session()
    assert kubelet_problems(session, CLUSTER, "1.36.3", {"p[0]": pool()}) == []
    assert kubelet_problems(session, CLUSTER, "1.36.3", {}) == []
    assert session.asked == []


def test_what_is_refused_is_told_of_its_pool():
    session = Session(TAKEN, TAKEN, refusal("no such luck"))
    pools = {"p[0]": pool(instance={"max_pods": 64}), "p[1]": pool(kubelet={"podPidsLimit": 5})}
    (problem,) = kubelet_problems(session, CLUSTER, "1.36.3", pools)
    assert (problem.where, problem.what) == ("p[1].kubelet", "the kubelet of 1.36.3 refuses it: no such luck.")
    assert session.asked == ["container 1.36.3"]


def test_each_provider_is_asked_about_its_own():
    session = Session(TAKEN, TAKEN)
    pools = {"p[0]": pool(kubelet={"podPidsLimit": 5}), "p[1]": pool(kubelet={"podPidsLimit": 5}, provider="a.b.far")}
    assert kubelet_problems(session, CLUSTER, "1.36.3", pools) == []
    assert session.asked == ["container 1.36.3", "a.b.far 1.36.3"]


@pytest.mark.parametrize("answers", [[refusal("cgroups")], []])
def test_a_kubelet_that_never_starts_is_no_fault_of_a_pool(answers):
    (problem,) = kubelet_problems(Session(*answers), CLUSTER, "1.36.3", {"p[0]": pool(kubelet={"podPidsLimit": 5})})
    assert problem.where == "the kubelet of 1.36.3"
    assert "on any node" in problem.what


def test_a_pool_that_is_wrong_already_is_not_asked_about():
    session = Session(TAKEN, TAKEN)
    wrong = [Problem("p[1].instance.memory", "is 'x'.", "a quantity.", "write it like 2Gi.")]
    pools = {"p[0]": pool(kubelet={"podPidsLimit": 5}), "p[1]": pool(instance={"memory": "x"})}
    assert kubelet_problems(session, CLUSTER, "1.36.3", pools, wrong=wrong) == []
    assert session.asked == ["container 1.36.3"]
