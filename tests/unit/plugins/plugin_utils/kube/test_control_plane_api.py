# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of etcd's members and of an API server's metrics."""

from __future__ import annotations

import json

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import EtcdMember
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import control_plane_api
from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube.control_plane_api import ETCD_QUOTA, ControlPlaneApi

MEMBER = {"ID": 7, "name": "master-1", "peerURLs": ["https://172.30.0.11:2380"]}
STATUS = {"header": {"member_id": 7}, "leader": 7, "raftAppliedIndex": 90, "dbSize": 2000, "dbSizeQuota": 4000}
UNNAMED = {"ID": 8, "peerURLs": ["https://172.30.0.12:2380"]}


def without(values, key):
    return {name: value for name, value in values.items() if name != key}


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (b"k8s\0\n\x17\n\x02v1\x12\x03Pod\x12\x05what", "v1"),
        (b"k8s\0\n\x24\n\x14networking.k8s.io/v1\x12\x0bServiceCIDR", "networking.k8s.io/v1"),
        (b'{"apiVersion": "example.com/v1", "kind": "Thing"}', "example.com/v1"),
        (b"{}", ""),
        (b"[]", ""),
        (b"k8s:enc:aescbc:v1:key:\x01\x02", ""),
        (b"k8s\0", ""),
        (b"", ""),
    ],
)
def test_the_version_of_a_stored_object(value, version):
    assert control_plane_api.stored_version(value) == version


@pytest.fixture
def api():
    return object.__new__(ControlPlaneApi)


@pytest.mark.parametrize(
    ("member", "status", "alarm", "problem"),
    [
        (MEMBER, STATUS, None, ""),
        (MEMBER, STATUS | {"errors": [], "isLearner": False}, 0, ""),
        (MEMBER, STATUS | {"errors": None}, None, ""),
        (MEMBER, STATUS | {"errors": ["etcdserver: odd", "more"]}, None, "etcdserver: odd; more"),
        (MEMBER, STATUS | {"isLearner": True}, None, "is a learner, which has no vote"),
        (MEMBER | {"isLearner": True}, STATUS, None, "is a learner, which has no vote"),
        (MEMBER, STATUS, 1, "has the alarm NOSPACE"),
        (MEMBER, STATUS, 2, "has the alarm CORRUPT"),
        (MEMBER, STATUS, 9, "has the alarm 9"),
        (MEMBER, without(STATUS, "leader"), None, "knows no leader"),
        (MEMBER, STATUS | {"leader": 0}, 1, "has the alarm NOSPACE; knows no leader"),
    ],
)
def test_a_member(member, status, alarm, problem):
    found = control_plane_api._member(member, status, alarm)
    assert found == EtcdMember("master-1", 90, 2000, 4000, problem)


@pytest.mark.parametrize(("given", "name"), [(MEMBER, "master-1"), (UNNAMED, UNNAMED["peerURLs"][0])])
def test_a_member_that_does_not_answer(given, name):
    for alarm in (None, 1):
        found = control_plane_api._member(given, None, alarm)
        assert found == EtcdMember(name, 0, 0, ETCD_QUOTA, "doesn't answer")


@pytest.mark.parametrize("status", [without(STATUS, "dbSizeQuota"), STATUS | {"dbSizeQuota": 0}])
def test_a_member_that_does_not_say_its_quota(status):
    assert control_plane_api._member(MEMBER, status, None).quota == ETCD_QUOTA


@pytest.mark.parametrize(
    ("statuses", "alarms", "problems"),
    [
        ([{"Status": STATUS}], {}, ["", "doesn't answer"]),
        ([{"Status": STATUS}], {"alarms": None}, ["", "doesn't answer"]),
        ([{"Status": STATUS}], {"alarms": [{"memberID": 7, "alarm": 1}]}, ["has the alarm NOSPACE", "doesn't answer"]),
        (None, {"alarms": [{"memberID": 8, "alarm": 1}]}, ["doesn't answer", "doesn't answer"]),
    ],
)
def test_members_are_matched_by_their_ids(api, monkeypatch, statuses, alarms, problems):
    answers = {"member": json.dumps({"members": [MEMBER, UNNAMED]}), "alarm": json.dumps({"header": {}} | alarms)}
    answers["endpoint"] = json.dumps(statuses) if statuses else "Error: nothing answers\n"
    monkeypatch.setattr(api, "_etcdctl", lambda _through, what, *_more, **_options: answers[what])
    found = api.etcd_members("master-1")
    assert [member.name for member in found] == ["master-1", "https://172.30.0.12:2380"]
    assert [member.problem for member in found] == problems


def metric(value="1", **labels):
    """A line of the metric, its labels sorted as an API server writes them."""
    known = {"group": "g", "removed_release": "1.37", "resource": "r", "subresource": "", "version": "v1beta1"}
    text = ",".join(f'{key}="{label}"' for key, label in sorted((known | labels).items()))
    return f"apiserver_requested_deprecated_apis{{{text}}} {value}"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], []),
        (["# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs", metric()],
         [("g/v1beta1/r", "1.37")]),
        ([metric("0")], []),  # not asked for
        ([metric(removed_release="")], []),  # it stays
        ([metric(group="", version="v1", resource="endpoints")], [("v1/endpoints", "1.37")]),
        ([metric(subresource="status", group="policy.example")], [("policy.example/v1beta1/r", "1.37")]),
        ([metric(removed_release="1.40"), 'up{job="x"} 1', metric(group="h")],
         [("g/v1beta1/r", "1.40"), ("h/v1beta1/r", "1.37")]),
        ([f"x{metric()}", metric().replace("apis{", "apis_other{")], []),
    ],
)  # fmt: skip
def test_deprecated_apis(api, monkeypatch, lines, expected):
    monkeypatch.setattr(api, "_raw", {"/metrics": "\n".join([*lines, ""])}.__getitem__)
    assert api.deprecated_apis() == expected
