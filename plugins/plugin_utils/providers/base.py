# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every provider of machines offers: a network, machines on it, and a way in. It knows nothing of Kubernetes."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.errors import CskError, Problem
from ..core.machines import Capacity, MachineSpec, MachineState

if TYPE_CHECKING:
    from ..core.traits import Traits

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class BaseTree:
    """The tree of a distribution that node images start from.

    :param script: base.sh; its first argument is the folder in which it leaves the tree.
    :param packages: Debian packages beyond the smallest system.
    :param mirror: where from; as apt of the machines' host is configured if empty; so with ``suite``.
    :param image: an image to use instead of all this.
    """

    script: Path
    packages: tuple[str, ...]
    mirror: str = ""
    suite: str = ""
    image: str = ""

    def digest(self) -> str:
        """Changes whenever another tree would come out."""
        parts = [self.script.read_text(), *self.packages, self.mirror, self.suite, self.image]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class NodeImages(ABC):
    """Makes the images that a provider's machines start from: a tree, made a node by role node in a build machine."""

    @abstractmethod
    def make_base(self, *, check: bool = False) -> bool:
        """Make the tree if it isn't there. Returns whether it was (or, with ``check``, would be) made."""

    @abstractmethod
    def wait(self, release: str) -> bool:
        """Wait while another run makes this release's image. Returns whether there was one."""

    @abstractmethod
    def current(self, release: str) -> bool:
        """Whether a release's image is the one that its artifacts and the recipe would give."""

    @abstractmethod
    def begin(self, release: str) -> dict[str, Any]:
        """Start the build machine.

        :returns: Ansible's connection variables for it, and ``node_artifacts_on_host``: the folder in which it has the
            release's artifacts.
        """

    @abstractmethod
    def finish(self, release: str) -> None:
        """Keep what the build machine has become as the release's image."""


class Provider(ABC):
    """Machines of one kind. All methods raise CskError, with all the problems that were found.

    A class is made with the controller's directory of releases, and with its own options by their names. Making one
    reaches nothing yet, so that ``console`` works where the machines' host can't be reached.
    """

    traits: ClassVar[Traits]
    # Its own options, as an argument spec: each with its type, and a default, because none of them has to be given.
    options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    at_once = 0  # how many machines may do heavy work at once, where they share a host; 0: all of them

    @classmethod
    def option_problems(cls, options: Mapping[str, Any], where: str) -> list[Problem]:
        """What is wrong with its options beyond their types.

        :param where: the variable that holds them.
        """
        del options, where
        return []

    @abstractmethod
    def check(self, release: str, machines: int) -> list[Problem]:
        """Whether ``machines`` more machines of a release can be made here. Changes nothing."""

    @abstractmethod
    def capacity(self) -> Capacity:
        """What the host of the machines has."""

    @abstractmethod
    def networks(self) -> list[str]:
        """The IPv4 CIDRs that are in use where the machines will be, so that a free one can be chosen."""

    @abstractmethod
    def nameservers(self) -> list[str]:
        """Addresses of DNS servers that machines and their pods can reach; may be empty."""

    @abstractmethod
    def mtu(self) -> int:
        """The MTU that the machines' network has, or will have, in bytes."""

    @abstractmethod
    def ensure_network(self, cluster: str, cluster_id: str, cidr: str) -> bool:
        """Make the cluster's network if it is not there. Returns whether something was changed."""

    @abstractmethod
    def create(
        self, cluster: str, cluster_id: str, machines: Sequence[MachineSpec], progress: Progress | None = None
    ) -> list[str]:
        """Make what is missing and start what is stopped, in parallel; return the names of the machines touched.

        A machine that runs is left alone; one that was left half-made is made anew. Returns when all of them are up.
        :param progress: called with a machine's name and the seconds since the call, as each one is up.
        """

    @abstractmethod
    def deliver(self, cluster: str, names: Sequence[str], release: str | None) -> str:
        """Give running machines a release's artifacts, or take them away again (None); those that have them keep them.

        :returns: the folder of the artifacts on each machine.
        """

    def stop(self, cluster: str, names: Sequence[str]) -> None:
        """Stop machines at once, and keep their data; one that isn't there is no error. Asked for where
        ``traits.stops_provably``: when it returns, nothing of these machines runs any more, nor will by itself.

        :raises CskError: where that isn't sure.
        """
        del cluster
        rule = "a machine is stopped where its provider can do that for certain."
        what = "its provider doesn't stop machines."
        raise CskError([Problem(f"machine {name}", what, rule, "switch it off by hand.") for name in names])

    @abstractmethod
    def delete(self, cluster: str, names: Sequence[str] | None = None, cluster_id: str | None = None) -> list[str]:
        """Remove machines with their data; with ``names`` None everything of the cluster. Returns what was removed.

        :param cluster_id: where it is given, objects of a cluster with the same name and another id are an error.
        """

    @abstractmethod
    def list(self, cluster: str | None = None) -> list[MachineState]:
        """The machines of one cluster, or of all."""

    @abstractmethod
    def clusters(self) -> dict[str, str]:
        """Names of the clusters that have objects here, with their ids."""

    @abstractmethod
    def console(self, cluster: str, name: str) -> dict[str, Any]:
        """Ansible's connection variables for a machine."""

    @abstractmethod
    def logs(self, cluster: str, name: str, lines: int = 50) -> str:
        """The last lines of the machine's own log, for an error message."""

    @abstractmethod
    def try_out(self, release: str, script: str) -> str:
        """Run a shell script with a release's programs where no machine of a cluster is, without a network.

        :returns: all that it printed. What it leaves goes with it.
        """

    def node_images(self, base: BaseTree, roles: Sequence[Path], say: Callable[[str], None]) -> NodeImages:
        """What makes images, of a provider that bakes them; of others, an error.

        :param roles: the directories of roles node and node_image: their files are the recipe.
        :param say: shows a line of progress.
        """
        del base, roles, say
        rule = "an image is made where machines start from one."
        raise CskError(Problem("provider", "its machines start from no image of csk's.", rule, "leave this step out."))
