# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of upgrades share: a service that is asked all the time, its budget, and ways to make a master fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cluster import HOME, NEW, TestCluster
from .kube import disruption_budget, served
from .playbooks import Playbooks, cluster_file

NAME = "test-upgrade"
SPACE = "served"
# What kubeadm applies to the manifest of one master's API server; this flag it can't start with.
_PATCHES = "/etc/csk/kubeadm/patches"
_PATCH = f"{_PATCHES}/kube-apiserver0+json.json"
_BROKEN = json.dumps([{"op": "add", "path": "/spec/containers/0/command/-", "value": "--no-such-flag=true"}])


def serve(cluster: TestCluster, replicas: int) -> str:
    """Run a service of so many replicas, one of which may be away; gives the place where it is reached."""
    kube = cluster.kube
    kube.run("delete", "namespace", SPACE, "--ignore-not-found")
    kube("create", "namespace", SPACE)
    kube.until(lambda: kube.run("get", "serviceaccount", "default", "-n", SPACE).returncode == 0, 60)
    kube.apply(*served(SPACE, replicas))
    budget(cluster, replicas - 1)
    kube("rollout", "status", "deployment/echo", "-n", SPACE, "--timeout=120s")
    port = kube.get("service", "echo", "-n", SPACE)["spec"]["ports"][0]["nodePort"]
    return f"{cluster.machines.address('master-1')}:{port}"


def budget(cluster: TestCluster, least: int) -> None:
    """Say how many replicas have to be there; wait until that is known."""
    kube = cluster.kube
    kube.apply(disruption_budget(SPACE, least))

    def known() -> bool:
        found = kube.get("pdb", "echo", "-n", SPACE)
        status = found.get("status", {})
        return status.get("observedGeneration") == found["metadata"]["generation"]

    kube.until(known, 60)


def kubeadm_config(cluster: TestCluster) -> dict[str, Any]:
    """The ClusterConfiguration that kubeadm keeps."""
    data = cluster.kube.get("configmap", "kubeadm-config", "-n", "kube-system")["data"]
    return yaml.safe_load(data["ClusterConfiguration"])


def put_flag(cluster: TestCluster, flags: list[dict[str, str]]) -> None:
    """Give the API servers flags in kubeadm's configuration, as a person would."""
    config = kubeadm_config(cluster)
    config["apiServer"]["extraArgs"] = flags
    patch = {"data": {"ClusterConfiguration": yaml.safe_dump(config)}}
    cluster.kube("patch", "configmap", "kubeadm-config", "-n", "kube-system", "--patch", json.dumps(patch))


def break_api_server(cluster: TestCluster, master: str) -> None:
    """Let a master's next API server be one that can't start; ``mend_api_server`` takes that back."""
    cluster.machines(master, "sh", "-c", f"mkdir -p {_PATCHES} && echo '{_BROKEN}' > {_PATCH}")


def mend_api_server(cluster: TestCluster, master: str) -> None:
    """Take back what ``break_api_server`` did, where it did."""
    cluster.machines(master, "rm", "-f", _PATCH)


def file_of(name: str) -> dict[str, Any]:
    """A cluster file whose pool has settings of its own."""
    file = cluster_file(name)
    file["csk_nodepools"][0] |= {
        "instance": {"max_pods": 64},
        "taints": [{"key": "tier", "value": "web", "effect": "PreferNoSchedule"}],
    }
    return file


@pytest.fixture(scope="package")
def old(playbooks: Playbooks, echo: Path) -> Iterator[TestCluster]:
    """Three masters and two workers of the older release, with the test image, whose pool has settings of its own."""
    if not (HOME / "artifacts" / "releases" / NEW / "manifest.json").exists():
        pytest.fail(f"the release {NEW} isn't there: make test-home")
    made = TestCluster(playbooks, file_of(NAME), echo)
    made.create().good()
    made.load()
    yield made
    made.delete().good()


@pytest.fixture(scope="package")
def service(old: TestCluster) -> str:
    """Where a service of two replicas on two nodes, one of which has to be there, is reached."""
    return serve(old, 2)
