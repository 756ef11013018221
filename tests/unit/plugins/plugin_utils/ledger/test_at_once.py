# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fifty runs at once create clusters and scale their pools, with a provider that makes nothing."""

from __future__ import annotations

import dataclasses
import os
from types import SimpleNamespace

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import run as run_module
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.quotas import Quotas
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.scaling import Scaling
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.recording import record_cluster, record_pool
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import at_once, errors

RUNS, NAMES = 50, 20
SPEC = {"provider": "container", "zones": ["a", "b", "c"], "masters": 3, "vpc_cidr": None}
POOL = {"desired_size": 0, "zones": [], "labels": {}, "taints": []}
QUOTAS = Quotas(clusters=10, nodes=12)


def test_quotas_names_and_addresses_hold(make, reopen):
    make().check_key()

    def work(number: int) -> str:
        ledger = reopen()
        fleet = SimpleNamespace(networks=list)
        session = SimpleNamespace(ledger=ledger, quotas=QUOTAS, planned_fleet=lambda _spec, _names: fleet)
        name = f"c{number % NAMES}"
        pid = os.getpid()
        run = dataclasses.replace(Run.current(), pid=pid, started=run_module._started(pid))
        ledger.lock(name, run)
        cluster = record_cluster(session, name, "1.36.3", SPEC)
        for size in (2, 3, 6):
            record_pool(session, cluster, "web", POOL | {"desired_size": size}, Scaling(missing=size))
        ledger.unlock(name, run)
        return name

    results = at_once(RUNS, work)
    ledger = reopen()
    clusters = ledger.clusters()
    assert len(clusters) == QUOTAS.clusters
    assert len({cluster.vpc_cidr for cluster in clusters}) == len({cluster.id for cluster in clusters}) == len(clusters)
    for cluster in clusters:
        machines = ledger.machines(cluster.name)
        assert sum(machine.role == "master" for machine in machines) == 3
        assert len(machines) <= QUOTAS.nodes
        assert len({m.name for m in machines}) == len({m.address for m in machines}) == len(machines)
        assert [pool.name for pool in ledger.pools(cluster.name)] == ["web"]
    # Each loser is told why: somebody works on the cluster, or a quota is used up.
    told = errors(results)
    assert told
    reasons = ("another run works on this cluster", "at most 10 dedicated and managed", "at most 12 nodes")
    assert all(any(reason in error for reason in reasons) for error in told), told
