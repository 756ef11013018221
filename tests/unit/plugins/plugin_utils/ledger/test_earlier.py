# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger as csk 271c6f8 left it: what it recorded is completed where it is read, and all goes on with it."""

from __future__ import annotations

import copy
import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.defaults import completed
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import plan, records, upgrade_plan, upgrade_rules
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.scaling import decide
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.settings import (
    changed_settings,
    immutable_problems,
    pool_problems,
    with_provider,
)
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec

DUMP = Path(__file__).with_name("ledger_271c6f8.sql")
# The file that its cluster was made of.
CLUSTER = {
    "name": "demo",
    "version": "1.36",
    "zones": ["zone-a", "zone-b", "zone-c"],
    "registry_mirrors": [{"registry": "docker.io", "endpoints": ["https://mirror.example:5000"]}],
}
POOL = {"name": "default", "desired_size": 2, "labels": {"tier": "web"}, "instance": {"max_pods": 64}}
OPTIONS = {"accept": [], "max_unavailable": "1", "workers": "in_place", "path": []}


@pytest.fixture
def ledger(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with sqlite3.connect(home / "ledger.db") as database:
        database.executescript(DUMP.read_text("utf-8"))
    database.close()
    return Ledger.open(str(home), complete=argspec.completed)


def file_cluster(**more):
    values, problems = argspec.check(CLUSTER | more, argspec.settings("csk_cluster"), "csk_cluster")
    assert not problems
    return values


def file_pool(cluster, **more):
    values, problems = argspec.check(POOL | more, argspec.settings("csk_nodepool"), "csk_nodepools[0]")
    assert not problems
    return with_provider(values, cluster.spec)


def test_create_finds_nothing_to_do(ledger):
    cluster, (pool,) = ledger.cluster("demo"), ledger.pools("demo")
    wanted = file_cluster()
    assert immutable_problems(cluster.spec | {"vpc_cidr": cluster.vpc_cidr}, wanted, own=["container"]) == []
    assert changed_settings(cluster, wanted, own=["container"]) == []
    mine = file_pool(cluster)
    assert pool_problems(pool, mine, "csk_nodepools[0]") == []
    scaling = decide(mine, [m for m in ledger.machines("demo") if m.pool == "default"], "csk_nodepools[0]")
    assert plan.pool_sentences(mine, pool, scaling) == []


def test_what_it_recorded_is_whole(ledger):
    cluster, (pool,) = ledger.cluster("demo"), ledger.pools("demo")
    assert cluster.spec["container"] == {"data_root": "/var/lib/csk"}
    assert "data_root" not in cluster.spec
    assert set(cluster.spec) == set(argspec.settings("csk_cluster")) - {"name", "version"}
    assert set(pool.spec) == set(argspec.settings("csk_nodepool")) - {"name", "state", "nodes"}
    assert {machine.provider for machine in ledger.machines("demo")} == {"container"}


@pytest.mark.parametrize(("size", "going", "missing"), [(2, [], 0), (3, [], 1), (1, ["default-2"], 0), (0, [], 0)])
def test_its_pool_is_scaled(ledger, size, going, missing):
    cluster = ledger.cluster("demo")
    workers = [machine for machine in ledger.machines("demo") if machine.pool == "default"]
    scaling = decide(file_pool(cluster, desired_size=size), workers, "csk_nodepools[0]")
    assert ([machine.name for machine in scaling.going], scaling.missing) == (going, missing)
    assert bool(scaling.problems) == (size == 0)  # default-1 came with the cluster


def test_it_is_upgraded(ledger):
    cluster, machines = ledger.cluster("demo"), ledger.machines("demo")
    minors = catalogue.load(catalogue.RELEASES)
    rule = upgrade_rules.judge(cluster.version, "1.37.2", minors, date(2026, 11, 24))
    planned = upgrade_plan.plan(cluster, machines, rule, upgrade_plan.Found(reachable=False), OPTIONS)
    assert planned.masters == ("master-1", "master-2", "master-3")
    assert planned.batches == (("default-1",), ("default-2",))
    ledger.set_upgrade("demo", "1.37.2")
    ledger.set_machine_version("demo", ["master-1"], "1.37.2")
    assert ledger.cluster("demo").upgrade_to == "1.37.2"


def test_options_that_came_later_are_no_difference(ledger, monkeypatch):
    """A new option of a cluster, of a pool's drain and of a mirror, each with a default."""
    known = {module: copy.deepcopy(argspec.settings(module)) for module in ("csk_cluster", "csk_nodepool")}
    known["csk_cluster"]["audit"] = {"type": "bool", "default": True}
    known["csk_cluster"]["registry_mirrors"]["options"]["skip_verify"] = {"type": "bool", "default": False}
    known["csk_nodepool"]["drain"]["options"]["rounds"] = {"type": "int", "default": 3}
    cluster, (pool,) = ledger.cluster("demo"), ledger.pools("demo")
    now = completed(cluster.spec, known["csk_cluster"])
    assert now["audit"] is True
    assert now["registry_mirrors"][0]["skip_verify"] is False
    assert completed(pool.spec, known["csk_nodepool"])["drain"]["rounds"] == 3
    wanted, problems = argspec.check(CLUSTER, known["csk_cluster"], "csk_cluster")
    assert not problems
    assert {key: now[key] for key in now if key in cluster.spec} == {
        key: wanted[key] for key in wanted if key in cluster.spec
    } | {"vpc_cidr": cluster.spec["vpc_cidr"]}


def test_the_clusters_own_record_says_the_same_in_its_older_form(ledger):
    cluster, (pool,) = ledger.cluster("demo"), ledger.pools("demo")
    old = {key: value for key, value in cluster.spec.items() if key != "container"} | {"data_root": "/var/lib/csk"}
    older = {"name": "demo", "spec": json.dumps(old), "nodepools": json.dumps({"default": pool.spec | {}})}
    without = {key: value for key, value in pool.spec.items() if key != "provider"}
    older["nodepools"] = json.dumps({"default": without})
    newer = {"name": "demo", "spec": json.dumps(cluster.spec), "nodepools": json.dumps({"default": pool.spec})}
    assert records.same_record(older, newer, argspec.completed)
    newer["spec"] = json.dumps(cluster.spec | {"proxy_mode": "nftables"})
    assert not records.same_record(older, newer, argspec.completed)
