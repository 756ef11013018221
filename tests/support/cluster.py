# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of the tests, made by the playbooks that are tested; and what they need to look at it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.plugins.loader import init_plugin_loader

from .kube import ECHO, Kube
from .machines import Machines
from .playbooks import Outcome, Playbooks

# What the tests import is the installed collection, as Ansible finds it.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])

HOME = Path(os.environ.get("CSK_HOME") or "~/.csk").expanduser()
# The release that the tests' clusters are made of, and the one that they are upgraded to.
OLD, NEW = "1.36.3", "1.37.2"
KUBECTL = HOME / "artifacts" / "releases" / OLD / "bin" / "kubectl"


@dataclass
class TestCluster:
    """A cluster of the tests.

    :param file: its cluster file's content.
    :param image: the archive of the test image.
    """

    __test__ = False

    playbooks: Playbooks
    file: dict[str, Any]
    image: Path | None = None

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
        """What the ledger has of it; None where there is no ledger."""
        return recorded(self.playbooks.home, self.name)

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

    def upgrade(
        self, *arguments: str, to: str = "1.37", options: dict[str, Any] | None = None, **variables: Any
    ) -> Outcome:
        """Run upgrade for its file."""
        file = self.file | ({"csk_upgrade_options": options} if options else {})
        return self.playbooks.run("upgrade", *arguments, file=file, csk_upgrade_to=to, **variables)

    def versions(self) -> dict[str, str]:
        """Each Node's kubelet's version."""
        return {name: node["status"]["nodeInfo"]["kubeletVersion"] for name, node in self.kube.nodes().items()}

    def delete(self, **more: Any) -> Outcome:
        """Run delete with its name."""
        return self.playbooks.run("delete", csk_name=self.name, csk_confirm=self.name, **more)

    def load(self) -> None:
        """Put the test image on the nodes that don't have it."""
        self.playbooks.run("load_image", csk_name=self.name, csk_image=str(self.image)).good()

    def is_ready(self) -> bool:
        """Whether its API answers and all its Nodes are Ready."""
        return self.kube.run("get", "nodes").returncode == 0 and self.kube.ready() == self.nodes

    def whole(self) -> None:
        """All is as the file says: Nodes, etcd's members, and a run that finds nothing to do."""
        assert self.kube.ready() == self.nodes
        members = self.kube.etcd("master-1", "endpoint", "health", "--cluster")
        assert [member["health"] for member in members] == [True] * 3, members
        again = self.create().good()
        assert not again.changed, again.text


def recorded(home: Path, name: str) -> Any:
    """What the ledger in a csk_home has of a cluster; None where there is no ledger."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, NoLedgerError

    try:
        return Ledger.open(str(home)).cluster(name)
    except NoLedgerError:
        return None


def build_image(folder: Path) -> Path:
    """Build the tests' image from ``echo/``, with nothing but Go's standard library; gives its archive."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import golang, images

    source = Path(__file__).parent / "echo"
    env = os.environ | {"CGO_ENABLED": "0"}
    # The user's csk_home, which the artifacts are in, keeps a Go that had to be obtained.
    cache = (HOME / "artifacts").resolve().parent / "cache"
    go = golang.find(golang.required([source / "go.mod"]), cache, print).path
    subprocess.run([go, "build", "-ldflags=-s -w", "-o", folder / "echo", "."], cwd=source, env=env, check=True)
    layer = images.base() | {"bin/echo": images.Entry(folder / "echo")}
    images.write_layer(folder / "layer.tar", layer)
    images.write_archive(folder / "echo.tar", ECHO, [folder / "layer.tar"], "/bin/echo")
    return folder / "echo.tar"
