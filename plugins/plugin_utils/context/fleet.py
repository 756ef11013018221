# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All machines of one cluster, at whichever providers they are: what asks them, or does something to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..core.errors import CskError, Problem
from ..core.machines import Capacity, MachinesLostError, MachineSpec, MachineState
from ..core.models import Machine
from ..providers.base import Progress, Provider

T = TypeVar("T")


class Fleet:
    """The machines of one cluster.

    :param cluster_id: empty for a cluster that isn't recorded yet.
    :param providers: by name, the cluster's own first; all that its settings, its pools and its machines name.
    :param recorded: the machines that the ledger knows, with the names of their providers.
    :param before_change: called before each change at a provider; it raises CskError where none may be made.
    """

    def __init__(
        self,
        cluster: str,
        cluster_id: str,
        providers: Mapping[str, Provider],
        recorded: Mapping[str, str],
        before_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.cluster = cluster
        self.cluster_id = cluster_id
        self._providers = dict(providers)
        self._recorded = dict(recorded)
        self._own = next(iter(self._providers))
        self._before_change = before_change

    def listed(self) -> dict[str, list[MachineState]]:
        """What each provider has of the cluster, by the provider's name."""
        return self._each({name: name for name in self._providers}, lambda one, _: one.list(self.cluster))

    def states(self) -> dict[str, MachineState]:
        """The machines that are there, by name; a recorded one counts where its provider has it."""
        found: dict[str, MachineState] = {}
        for name, states in self.listed().items():
            for state in states:
                if self._recorded.get(state.name, name) == name:
                    found.setdefault(state.name, state)
        return found

    def running(self) -> set[str]:
        """The names of the machines that run."""
        return {name for name, state in self.states().items() if state.status == "running"}

    def clusters(self) -> dict[str, str]:
        """Names of the clusters that have objects at any of the providers, with their ids."""
        return {name: one_id for one in self._providers.values() for name, one_id in one.clusters().items()}

    def networks(self) -> list[str]:
        """The IPv4 CIDRs that are in use at any of the providers."""
        return list(dict.fromkeys(cidr for one in self._providers.values() for cidr in one.networks()))

    def mtu(self) -> int:
        """What the network between all machines carries, in bytes: the smallest of the providers' networks."""
        return min(one.mtu() for one in self._providers.values())

    def check(self, release: str, counts: Mapping[str, int] | None = None) -> list[Problem]:
        """Whether so many more machines of a release can be made.

        :param counts: provider's name -> machines; None: none, at any of the providers.
        """
        asked = dict.fromkeys(self._providers, 0) if counts is None else counts
        problems: list[Problem] = []
        for name, count in asked.items():
            problems += self._providers[name].check(release, count)
        return list(dict.fromkeys(problems))

    def capacity_at(self, provider: str) -> Capacity:
        """What the host of a provider's machines has."""
        return self._providers[provider].capacity()

    def isolation(self) -> dict[str, str]:
        """What the machines of each provider keep from each other, in a sentence."""
        return {name: provider.traits.isolation for name, provider in self._providers.items()}

    def shares_kernel(self, provider: str) -> bool:
        """Whether a provider's machines share the kernel of their host, and see all that it has."""
        return self._providers[provider].traits.kernel == "shared"

    def try_out_at(self, provider: str, release: str, script: str) -> str:
        """Run a shell script with a release's programs where a provider's machines are made; what it printed."""
        return self._providers[provider].try_out(release, script)

    def capacity(self, machine: str) -> Capacity:
        """What the host of a machine has."""
        return self._of(machine).capacity()

    def disk_free(self) -> int:
        """Bytes that are free where the machines' data lie; of several hosts, where the least are."""
        return min(one.capacity().disk_free for one in self._providers.values())

    def shared_kernel(self) -> list[str]:
        """The names of the recorded machines that share the kernel of their host."""
        return [name for name in self._recorded if self._of(name).traits.kernel == "shared"]

    def at_once(self, names: Iterable[str]) -> int:
        """How many of these machines may do heavy work at once; 0: all of them."""
        return min((self._of(name).at_once for name in names if self._of(name).at_once), default=0)

    def console(self, machine: str) -> dict[str, Any]:
        """Ansible's connection variables for a machine."""
        return self._of(machine).console(self.cluster, machine)

    def create(
        self,
        machines: Sequence[Machine],
        cidr: str,
        spec_of: Callable[[Machine, list[str]], MachineSpec],
        progress: Progress,
    ) -> None:
        """Make or start machines, all providers at once, each with the cluster's network.

        :param cidr: of that network.
        :param spec_of: what a machine shall be, by its record and by the name servers that its provider knows.
        """
        wanted = {machine.name: machine for machine in machines}

        def make(one: Provider, names: list[str]) -> None:
            self._before_change()
            one.ensure_network(self.cluster, self.cluster_id, cidr)
            nameservers = one.nameservers()
            specs = [spec_of(wanted[name], nameservers) for name in names]
            self._before_change()
            one.create(self.cluster, self.cluster_id, specs, progress)

        self._each(self._provider_names(wanted), make)

    def deliver(self, names: Sequence[str], release: str | None) -> dict[str, str]:
        """Give running machines a release's artifacts, or take them away again (None).

        :returns: the folder that the artifacts have on each machine of the providers that were asked.
        """
        self._before_change()
        folders = self._each(self._provider_names(names), lambda one, mine: one.deliver(self.cluster, mine, release))
        return {name: folders[provider] for name, provider in self._recorded.items() if provider in folders}

    def stops(self, machine: str) -> bool:
        """Whether a machine's provider stops machines so that they are sure to do nothing any more."""
        return self._of(machine).traits.stops_provably

    def stop(self, names: Sequence[str]) -> None:
        """Stop machines, those whose providers can do it for certain; they keep their data.

        :raises CskError: where one may still run.
        """
        mine = [name for name in names if self.stops(name)]
        self._each(self._provider_names(mine), lambda one, some: one.stop(self.cluster, some))

    def delete(self, names: Sequence[str]) -> None:
        """Remove machines with their data."""
        self._before_change()
        self._each(self._provider_names(names), lambda one, mine: one.delete(self.cluster, mine, self.cluster_id))

    def delete_all(self) -> list[str]:
        """Remove everything of the cluster, at the cluster's own provider last; what was removed."""
        removed: list[str] = []
        problems: list[Problem] = []
        for one in reversed(self._providers.values()):
            self._before_change()
            try:
                removed += one.delete(self.cluster, None, self.cluster_id)
            except CskError as error:  # what the others have goes all the same
                problems += error.problems
        if problems:
            raise CskError(list(dict.fromkeys(problems)))
        return list(dict.fromkeys(removed))

    def _provider_names(self, machines: Iterable[str]) -> dict[str, str]:
        return {name: self._recorded.get(name, self._own) for name in machines}

    def _of(self, machine: str) -> Provider:
        return self._providers[self._recorded.get(machine, self._own)]

    def _each(self, where: Mapping[str, str], call: Callable[[Provider, list[str]], T]) -> dict[str, T]:
        """Call once for each provider, all at once; what they return, by their names.

        :param where: names -> provider's name; a call gets those of its provider.
        :raises CskError: with the problems of all of them.
        """
        groups: dict[str, list[str]] = {}
        for name, provider in where.items():
            groups.setdefault(provider, []).append(name)
        with ThreadPoolExecutor(max_workers=max(1, len(groups))) as pool:
            jobs = {name: pool.submit(call, self._providers[name], mine) for name, mine in groups.items()}
        results: dict[str, T] = {}
        errors: list[CskError] = []
        for name, job in jobs.items():
            try:
                results[name] = job.result()
            except CskError as error:
                errors.append(error)
        problems = list(dict.fromkeys(problem for error in errors for problem in error.problems))
        if errors:
            lost = all(isinstance(error, MachinesLostError) for error in errors)
            raise (MachinesLostError if lost else CskError)(problems)
        return results
