# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool grows; a drain that a budget forbids is refused; then it shrinks under a service that is always asked."""

from __future__ import annotations

import copy
from typing import Any

from support.asker import Asker
from support.playbooks import Outcome
from support.upgrades import SPACE, budget, serve

from life.story import Life

REPLICAS = 3


def scale(life: Life, size: int, *arguments: str, **pool: Any) -> Outcome:
    """Run scale for the life's file with another size of its pool."""
    file = copy.deepcopy(life.cluster.file)
    file["csk_nodepools"][0] |= {"desired_size": size, **pool}
    return life.cluster.playbooks.run("scale", *arguments, file=file)


def test_scale(life: Life) -> None:
    cluster, kube = life.cluster, life.cluster.kube
    before = cluster.machines.states()
    grown = scale(life, 3, labels={"tier": "web", "season": "autumn"}).good()
    assert set(grown.changed) == {"localhost", f"{cluster.name}.default-3"}
    assert {name: cluster.machines.state(name) for name in before} == before
    seasons = {name: node["metadata"]["labels"].get("season") for name, node in kube.nodes().items()}
    assert {name for name, season in seasons.items() if season} == {"default-1", "default-2", "default-3"}
    cluster.load()
    # Spread over all workers, then asked by a client that keeps its connection and one that never does.
    service = serve(cluster, REPLICAS)
    budget(cluster, REPLICAS)
    try:
        refused = scale(life, 2, drain={"timeout": 3})
        cordoned = [name for name, node in kube.nodes().items() if node["spec"].get("unschedulable")]
    finally:
        budget(cluster, REPLICAS - 1)  # else nothing could be scaled after a failure either
    refused.refused(
        "node default-3: can't be emptied", f"pod {SPACE}/echo-", f"The disruption budget echo needs {REPLICAS}", "Do:"
    )
    assert cordoned == []
    with Asker(service, keep=True) as kept, Asker(service, keep=False) as fresh:
        scale(life, 2).good()
    assert (kept.failed, fresh.failed) == ([], [])
    assert min(kept.answered, fresh.answered) > 20
