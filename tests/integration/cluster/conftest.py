# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster that most tests share, made by the playbook that is tested; and what they need to look at it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.loader import init_plugin_loader

from .kube import ECHO, Kube
from .machines import Machines
from .playbooks import Outcome, Playbooks, cluster_file

# What the tests import is the installed collection, as Ansible finds it.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])

HOME = Path(os.environ.get("CSK_HOME") or "~/.csk").expanduser()
KUBECTL = HOME / "artifacts" / "releases" / "1.36.3" / "bin" / "kubectl"
NAME = "test-main"
# For who writes tests: the shared cluster stays for the next run, which takes it as it is.
KEEP = bool(os.environ.get("CSK_TEST_KEEP"))


@dataclass
class TestCluster:
    """A cluster of the tests.

    :param image: the archive of the test image.
    :param outcomes: of the runs that made it, by what they were.
    """

    __test__ = False

    playbooks: Playbooks
    file: dict[str, Any]
    image: Path | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.file["csk_cluster"]["name"]

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.playbooks.home / "clusters" / self.name / "kubeconfig"

    @property
    def kube(self) -> Kube:
        """Its kubectl."""
        return Kube(KUBECTL, self.kubeconfig)

    @property
    def machines(self) -> Machines:
        """Its machines."""
        return Machines(self.name)

    @property
    def record(self) -> Any:
        """What the ledger has of it."""
        return self.ledger.cluster(self.name)

    @property
    def ledger(self) -> Any:
        """The ledger."""
        from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger

        return Ledger.open(str(self.playbooks.home))

    @property
    def nodes(self) -> list[str]:
        """The names of all machines in the ledger."""
        return sorted(machine.name for machine in self.ledger.machines(self.name))

    def create(self, *arguments: str, **more: Any) -> Outcome:
        """Run create for its file."""
        return self.playbooks.run("create", *arguments, file=self.file, **more)

    def delete(self, **more: Any) -> Outcome:
        """Run delete with its name."""
        return self.playbooks.run("delete", csk_name=self.name, csk_confirm=self.name, **more)

    def load(self) -> None:
        """Put the test image on the nodes that don't have it."""
        self.playbooks.run("load_image", csk_name=self.name, csk_image=str(self.image)).good()

    def whole(self) -> None:
        """All is as the file says: Nodes, etcd's members, and a run that finds nothing to do."""
        assert self.kube.ready() == self.nodes
        members = self.kube.etcd("master-1", "endpoint", "health", "--cluster")
        assert [member["health"] for member in members] == [True] * 3, members
        again = self.create().good()
        assert not again.changed, again.text


@pytest.fixture(scope="session")
def playbooks(tmp_path_factory: pytest.TempPathFactory) -> Playbooks:
    """The way to run playbooks in the tests' csk_home, from which nothing of an earlier run is left."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.container import ContainerProvider

    if not KUBECTL.exists():
        pytest.fail(f"{KUBECTL} isn't there: make artifacts")
    found = Playbooks(HOME, tmp_path_factory.mktemp("playbooks"))
    provider = ContainerProvider(HOME / "artifacts" / "releases")
    for name in provider.clusters():
        if name.startswith("test-") and not (KEEP and name == NAME):
            found.run("delete", csk_name=name, csk_confirm=name)  # forgets it where it is in the ledger
            provider.delete(name)
    return found


@pytest.fixture(scope="package")
def cluster(playbooks: Playbooks, echo: Path) -> Iterator[TestCluster]:
    """Three masters and two workers, with the test image on every node."""
    made = TestCluster(playbooks, cluster_file(NAME), echo)
    if KEEP and made.record:
        made.load()
        yield made
        return
    made.outcomes["check"] = playbooks.run("create", "--check", "--diff", file=made.file)
    made.outcomes["left by check"] = Outcome(0, " ".join(made.machines.left()) + str(made.record or ""))
    made.outcomes["create"] = made.create().good()
    made.load()
    yield made
    if not KEEP:
        made.delete().good()


@pytest.fixture
def healthy(cluster: TestCluster) -> TestCluster:
    """The shared cluster, all Ready, whatever the test before left."""
    if cluster.kube.run("get", "nodes").returncode or cluster.kube.ready() != cluster.nodes:
        cluster.create().good()
    return cluster


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the test image."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import images

    folder = tmp_path_factory.mktemp("echo")
    source = Path(__file__).parent / "echo"
    env = os.environ | {"CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-ldflags=-s -w", "-o", folder / "echo", "."], cwd=source, env=env, check=True)
    layer = images.base() | {"bin/echo": images.Entry(folder / "echo")}
    images.write_layer(folder / "layer.tar", layer)
    images.write_archive(folder / "echo.tar", ECHO, [folder / "layer.tar"], "/bin/echo")
    return folder / "echo.tar"


@pytest.fixture
def namespace(cluster: TestCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for one test."""
    name = request.node.name.replace("_", "-")[:60].strip("-")
    with cluster.kube.namespace(name):
        yield name
