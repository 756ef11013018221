# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people changed of an add-on, by what the API server says of who set a field."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent.parent
_SPEC = importlib.util.spec_from_file_location("addons", TOP / "roles" / "upgrade" / "files" / "addons.py")
addons = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(addons)

CONTAINER = 'k:{"name":"coredns"}'
ENTRY = 'k:{"name":"GOGC"}'
APPLIED = f"f:{addons.LAST_APPLIED}"


def thing(*entries):
    """A Deployment of which managers set these fields."""
    container = {
        "name": "coredns", "image": "coredns:1", "args": ["-conf", "/etc/coredns/Corefile"],
        "resources": {"limits": {"memory": "200Mi"}, "requests": {"cpu": "100m"}},
        "env": [{"name": "KUBERNETES_SERVICE_PORT", "value": "6443"}, {"name": "GOGC", "value": "50"}],
    }  # fmt: skip
    template = {"metadata": {"annotations": {"by": "hand"}}, "spec": {"containers": [container], "tolerations": [1, 2]}}
    managed = [{"manager": manager, "fieldsV1": fields} | more for manager, fields, more in entries]
    metadata = {"annotations": {"mine": "1", addons.LAST_APPLIED: "{}"}, "labels": {"k8s-app": "kube-dns"}}
    return {"metadata": metadata | {"managedFields": managed}, "spec": {"replicas": 3, "template": template}}


def of_container(fields):
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": {CONTAINER: fields}}}}}


MEMORY = of_container({"f:resources": {"f:limits": {"f:memory": {}}}})
GOGC = of_container({"f:env": {ENTRY: {".": {}, "f:name": {}, "f:value": {}}}})
NAMED = {"spec": {"template": {"spec": {"containers": [{"name": "coredns"}]}}}}


def containers(**more):
    return {"spec": {"template": {"spec": {"containers": [{"name": "coredns"} | more]}}}}


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], {}),
        ([("kubeadm", MEMORY, {})], {}),
        ([("kubectl-patch", MEMORY, {"subresource": "status"})], {}),
        ([("kubectl-patch", MEMORY, {})], containers(resources={"limits": {"memory": "200Mi"}})),
        (
            [("kubectl-edit", MEMORY, {}), ("kubeadm", of_container({"f:args": {}}), {}), ("helm", GOGC, {})],
            containers(resources={"limits": {"memory": "200Mi"}}, env=[{"name": "GOGC", "value": "50"}]),
        ),
        # The image is the release's, the number of replicas kubeadm's to keep.
        ([("kubectl-set", of_container({"f:image": {}}), {})], NAMED),
        ([("kubectl-scale", {"f:spec": {"f:replicas": {}}}, {})], {}),
        # A list without keys is one value.
        (
            [("kubectl-edit", {"f:spec": {"f:template": {"f:spec": {"f:tolerations": {}}}}}, {})],
            {"spec": {"template": {"spec": {"tolerations": [1, 2]}}}},
        ),
        (
            [("kubectl-annotate", {"f:metadata": {"f:annotations": {"f:mine": {}, APPLIED: {}}}}, {})],
            {"metadata": {"annotations": {"mine": "1"}}},
        ),
        # A field that is gone.
        ([("kubectl-edit", of_container({"f:stdin": {}}), {})], NAMED),
    ],
)
def test_what_people_set(entries, found):
    assert addons.by_hand(thing(*entries)) == found
