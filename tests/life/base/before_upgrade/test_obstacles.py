# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that is in an upgrade's way is told by one run, before anything is changed."""

from __future__ import annotations

import json
import uuid

from support.cluster import HOME, NEW, TestCluster
from support.kube import Kube, pod
from support.upgrades import SPACE, budget, serve

REMOVED = "storage.k8s.io/v1beta1/volumeattributesclasses"


# Nobody serves it; it is asked for pods of a namespace only that isn't there.
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "gate"},
    "webhooks": [
        {
            "name": "gate.example.com",
            "clientConfig": {"service": {"namespace": SPACE, "name": "gate"}, "caBundle": ""},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "gated"}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
    ],
}


def store_old(kube: Kube) -> None:
    """Have an object in etcd as an API server of long ago stored it, in a version that 1.37 removed."""
    thing = {
        "apiVersion": REMOVED.rpartition("/")[0],
        "kind": "VolumeAttributesClass",
        "metadata": {
            "name": "old",
            "uid": str(uuid.uuid4()),
            "creationTimestamp": "2025-01-01T00:00:00Z",
            "finalizers": ["kubernetes.io/vac-protection"],  # else a controller writes it anew
        },
        "driverName": "example.com",
        "parameters": {"iops": "100"},
    }
    kube.etcd("master-1", "put", "/registry/volumeattributesclasses/old", json.dumps(thing))


def test_what_the_rules_refuse(cluster: TestCluster) -> None:
    cluster.upgrade(csk_today="2026-11-17").refused(
        "csk_upgrade_to", "from 14 days on, 2026-11-18", "Today is 2026-11-17", "Do:"
    )
    cluster.upgrade(options={"accept": ["all"]}).refused("'all'", "no obstacle's name")
    assert cluster.record.upgrade_to is None


def test_every_obstacle_at_once(cluster: TestCluster) -> None:
    kube = cluster.kube
    archive = HOME / "artifacts" / "releases" / NEW / "images" / "kube-proxy.tar"
    aside = archive.with_suffix(".aside")
    serve(cluster, 2)
    budget(cluster, 2)
    kube.apply(pod("alone", SPACE, "default-1", "serve"))
    kube.wait("pod/alone", "condition=Ready", "-n", SPACE)
    cluster.machines("master-3", "systemctl", "stop", "kubelet")
    store_old(kube)
    kube.apply(WEBHOOK)
    archive.rename(aside)
    try:
        refused = cluster.playbooks.run("plan", file=cluster.file, csk_upgrade_to="1.37")
    finally:
        aside.rename(archive)
        cluster.machines("master-3", "systemctl", "start", "kubelet")
        listed = kube("get", "volumeattributesclasses", "-o", "json")  # as the message says
        kube("replace", "-f", "-", stdin=listed)
        kube("delete", "validatingwebhookconfiguration", "gate")
        kube("delete", "namespace", SPACE)  # to its end: its pods would be in the upgrade's way
    refused.refused(
        "images/kube-proxy.tar is missing",
        "masters master-3: ",  # its kubelet doesn't answer; whether its Node is still Ready is a matter of seconds
        f"PodDisruptionBudget {SPACE}/echo: allows no disruption now",
        f"pod {SPACE}/alone on default-1: no controller would make it again",
        "csk_upgrade_options.accept: [pods]",
        "ValidatingWebhookConfiguration gate, gate.example.com: is asked when pods are made, fails closed",
        f"API {REMOVED}: objects that are stored in it: 1",
    )
    kube.until(lambda: kube.ready() == cluster.nodes, 60)
