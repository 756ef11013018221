# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters in the ledger."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import schema
from ansible_collections.csk.kubernetes.tests.unit.plugins.plugin_utils.ledger.helpers import masters, workers

SPEC = {"provider": "container", "pod_cidr": "172.20.0.0/16", "service_cidr": "172.21.0.0/20", "zones": ["a", "b"]}


def test_what_is_recorded_is_read_back(ledger, reopen):
    made = ledger.create_cluster("demo", "default", "1.36.3", SPEC)
    assert (made.vpc_cidr, made.endpoint, made.status) == ("172.30.0.0/24", "172.30.0.10", "creating")
    assert made.created_at.tzinfo is not None
    assert reopen().cluster("demo") == made
    assert ledger.cluster("other") is None
    assert ledger.clusters() == ledger.clusters("default") == [made]
    assert ledger.clusters("other") == []


def test_networks_are_given_once(ledger):
    first = ledger.create_cluster("one", "default", "1.36.3", SPEC, ["172.30.0.0/24", "10.0.0.0/8", "fd00::/8"])
    second = ledger.create_cluster("two", "default", "1.36.3", SPEC | {"pod_cidr": "172.30.2.0/23"})
    third = ledger.create_cluster("three", "other", "1.36.3", SPEC)
    assert [c.vpc_cidr for c in (first, second, third)] == ["172.30.1.0/24", "172.30.0.0/24", "172.30.2.0/24"]
    assert len({c.id for c in (first, second, third)}) == len({c.etcd_token for c in (first, second, third)}) == 3


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        ("10.1.0.0/16", None),
        ("172.30.7.0/24", None),
        ("172.30.0.0/16", ["the cluster 'one'", "172.30.0.0/24"]),
        ("172.20.3.0/24", ["csk_cluster.pod_cidr", "172.20.0.0/16"]),
        ("172.21.0.0/24", ["csk_cluster.service_cidr"]),
        ("192.168.1.0/24", ["192.168.0.0/16 that exists already"]),
        ("172.20.0.0/12", ["no IPv4 network"]),
        ("172.16.0.0/12", ["the cluster 'one'", "csk_cluster.pod_cidr", "csk_cluster.service_cidr", "3 problems"]),
        ("10.0.0.0/30", ["too small"]),
        ("fd00::/64", ["no IPv4 network"]),
        ("nonsense", ["no IPv4 network"]),
    ],
)
def test_a_wanted_network_is_checked(ledger, wanted, parts):
    ledger.create_cluster("one", "default", "1.36.3", SPEC)
    if parts is None:
        assert ledger.create_cluster("two", "default", "1.36.3", SPEC, [], wanted).vpc_cidr == wanted
        return
    with pytest.raises(CskError) as caught:
        ledger.create_cluster("two", "default", "1.36.3", SPEC, ["192.168.0.0/16"], wanted)
    assert "csk_cluster.vpc_cidr" in str(caught.value)
    for part in parts:
        assert part in str(caught.value)
    assert ledger.cluster("two") is None


def test_no_network_is_left(ledger):
    with pytest.raises(CskError, match=r"csk_cluster\.vpc_cidr: no /24 of 172\.30\.0\.0/16 is free"):
        ledger.create_cluster("demo", "default", "1.36.3", SPEC, ["172.30.0.0/16"])


def test_a_name_is_taken_once(ledger):
    ledger.create_cluster("demo", "default", "1.36.3", SPEC)
    with pytest.raises(CskError, match=r"csk_cluster\.name: .*already has a cluster 'demo'"):
        ledger.create_cluster("demo", "other", "1.37.2", SPEC)


def test_changes(demo):
    demo.set_spec("demo", {"zones": ["c"]})
    demo.set_status("demo", "ready")
    assert (demo.cluster("demo").spec, demo.cluster("demo").status) == ({"zones": ["c"]}, "ready")
    for change in (lambda: demo.set_spec("none", {}), lambda: demo.set_status("none", "ready")):
        with pytest.raises(CskError, match="has no cluster 'none'"):
            change()


def test_an_upgrade(demo, reopen):
    demo.create_cluster("other", "default", "1.36.3", SPEC)
    before = demo.cluster("demo"), demo.cluster("other")
    assert [cluster.upgrade_to for cluster in before] == [None, None]

    def known():
        cluster = reopen().cluster("demo")
        return cluster.version, cluster.upgrade_to

    demo.set_upgrade("demo", "1.37.2")
    assert known() == ("1.36.3", "1.37.2")
    demo.set_version("demo", "1.37.2")
    assert known() == ("1.37.2", "1.37.2")
    demo.set_upgrade("demo", None)
    assert known() == ("1.37.2", None)
    demo.set_version("demo", "1.36.3")
    assert (demo.cluster("demo"), demo.cluster("other")) == before
    for change in (lambda: demo.set_upgrade("none", None), lambda: demo.set_version("none", "1.37.2")):
        with pytest.raises(CskError, match="has no cluster 'none'"):
            change()


def test_delete_takes_all_of_this_cluster_and_nothing_of_another(demo):
    demo.create_cluster("other", "default", "1.36.3", SPEC)
    for name in ("demo", "other"):
        demo.put_pool(name, "default", {})
        demo.add_machines(name, masters(3) + workers(2))
        demo.put_secret(name, "ca.key", b"key")
        demo.operation(name, "create", "me", "ok", 1.0)
    demo.delete_cluster("demo")
    demo.delete_cluster("demo")
    assert demo.cluster("demo") is None
    assert demo.pools("demo") == demo.machines("demo") == demo.secret_names("demo") == []
    assert len(demo.operations("demo")) == 1
    assert demo.machines() == demo.machines("other")
    assert (len(demo.machines("other")), demo.secret("other", "ca.key")) == (5, b"key")
    with demo._read() as connection:
        for table in (schema.POOLS, schema.MACHINES, schema.SECRETS):
            ids = set(connection.scalars(sa.select(table.c.cluster_id)))
            assert ids == {demo.cluster("other").id}, table.name
    assert demo.create_cluster("demo", "default", "1.36.3", SPEC).vpc_cidr == "172.30.0.0/24"


def test_operations(ledger):
    for number in range(3):
        ledger.operation("demo", "scale", "me@here", "ok", 1.5, {"number": number})
    ledger.operation("demo", "delete", "me@here", "failed", 0.1)
    ledger.operation("other", "create", "me@here", "ok", 2)
    log = ledger.operations("demo", limit=2)
    assert [(o.action, o.result, o.seconds, o.details) for o in log] == [
        ("delete", "failed", 0.1, {}),
        ("scale", "ok", 1.5, {"number": 2}),
    ]
    assert log[0].at >= log[1].at


def test_a_lost_cluster_is_put_back_whole(demo):
    demo.add_machines("demo", masters(3) + workers(12))
    demo.put_secret("demo", "ca.key", b"secret")
    before = demo.cluster("demo"), demo.pools("demo"), demo.machines("demo")
    with pytest.raises(CskError, match="has a cluster 'demo'"):
        demo.restore_cluster(*before, {})
    demo.delete_cluster("demo")
    demo.restore_cluster(*before, {"ca.key": b"secret"})
    assert (demo.cluster("demo"), demo.pools("demo"), demo.machines("demo")) == before
    assert demo.secret("demo", "ca.key") == b"secret"
    assert demo.add_machines("demo", workers(1))[0].name == "default-13"


def test_an_older_records_settings_are_translated_where_they_are_read(ledger):
    ledger.create_cluster("demo", "default", "1.36.3", SPEC | {"data_root": "/srv/csk"})
    for cluster in (ledger.cluster("demo"), *ledger.clusters()):
        assert cluster.spec == SPEC | {"container": {"data_root": "/srv/csk"}}
