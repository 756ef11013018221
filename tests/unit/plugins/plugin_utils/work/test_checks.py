# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether pools' machines fit where their own provider makes them."""

from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import Capacity
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import checks

CLUSTER = {"provider": "near"}
HOSTS = {"near": Capacity(2, 4 << 30), "far": Capacity(8, 32 << 30)}


def pool(cpus, provider=None, size=1):
    instance = {"cpus": cpus, "memory": None, "max_pods": None}
    return {"name": "web", "state": "present", "desired_size": size, "instance": instance, "provider": provider}


def shape(*pools, grows=False):
    asked = []

    def fleet(_settings, names):
        asked.extend(names)
        return SimpleNamespace(capacity_at=HOSTS.__getitem__, shares_kernel=lambda name: name == "near")

    problems, told = checks.shape_problems(SimpleNamespace(planned_fleet=fleet), CLUSTER, pools, "p[{}]", grows)
    return [problem.where for problem in problems], told, asked


def test_each_pool_is_judged_by_the_host_of_its_machines():
    assert shape(pool(4), pool(4, "far"), pool(9, "far"))[0] == ["p[0].instance.cpus", "p[2].instance.cpus"]


def test_what_is_too_much_together_is_told_by_host():
    _problems, told, _asked = shape(pool(2, size=2), pool(2, "far", size=2))
    assert "4 cores together, their host has 2" in told[0]


def test_workers_that_come_without_a_shape_see_all_of_their_host():
    _problems, told, _asked = shape(pool(None, size=3), pool(None, "far", size=3), grows=True)
    assert [sentence.partition("(")[2] for sentence in told] == ["3 without instance.memory see all of it)."]


def test_nobody_is_asked_for_pools_without_a_shape_that_stay():
    assert shape(pool(None), pool(None, "far")) == ([], [], [])
