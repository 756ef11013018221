# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one csk_* step works with: the ledger, the machines, the catalogue, the cluster's API, and its own progress."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, masters_of
from ..core.names import PORT
from ..core.observed import Live, Observed
from ..core.remote import Answer, unreachable
from ..core.run import Run
from ..kube.answers import said
from ..kube.cluster_api import ClusterApi, connect
from ..ledger import Ledger
from ..providers import registry
from ..rules.records import Complete, as_it_is
from ..rules.versions import Minor, minor_of
from . import catalogue, members, progress
from .fleet import Fleet
from .given import Given
from .holding import Holding

if TYPE_CHECKING:
    from ..providers.base import Provider


class Session:
    """One csk_* step.

    :param say: shows a line of progress.
    :param complete: completes settings that were recorded before today's options.
    :param reach: runs a command on a machine, by its connection variables.
    """

    def __init__(
        self,
        given: Given,
        say: Callable[[str], None],
        complete: Complete = as_it_is,
        reach: Callable[[Mapping[str, Any], str], Answer] = unreachable,
    ) -> None:
        self.home = given.home
        self.today = given.today
        self.quotas = given.quotas
        self.forgotten = given.forgotten
        self.catalogue_folder = given.catalogue
        self.say = say
        self.reach = reach
        self._given = given
        self._complete = complete
        self.run = Run.current()
        self._providers: dict[str, Provider] = {}
        self._locked: set[str] = set()
        self._turns: dict[str, IO[str]] = {}

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened at its first use."""
        return Ledger.open(str(self.home), self._given.ledger_url, complete=self._complete)

    @cached_property
    def minors(self) -> dict[str, Minor]:
        """The version catalogue."""
        return catalogue.load(self.catalogue_folder)

    def release(self, version: str) -> dict[str, Any]:
        """The components of an exact version, as the catalogue has them."""
        return self.minors[minor_of(version)].releases[version]

    def fleet(self, cluster: Cluster, machines: Sequence[Machine] | None = None) -> Fleet:
        """The machines of a recorded cluster.

        :param machines: those that matter, as recorded, where they are known already.
        """
        pools = self.ledger.pools(cluster.name) if machines is None else []
        mine = self.ledger.machines(cluster.name) if machines is None else machines
        names = [pool.spec.get("provider") for pool in pools] + [machine.provider for machine in mine]
        return self._fleet(cluster.name, cluster.id, cluster.spec, names, {m.name: m.provider for m in mine})

    def planned_fleet(self, settings: dict[str, Any], names: Iterable[str | None] = ()) -> Fleet:
        """The machines of a cluster that isn't recorded, none of which csk knows.

        :param settings: the cluster's, with its name where one is asked for it.
        :param names: the providers that its pools name; None stands for the cluster's own.
        """
        return self._fleet(settings.get("name", ""), "", settings, names, {})

    def _fleet(
        self,
        name: str,
        cluster_id: str,
        settings: dict[str, Any],
        names: Iterable[str | None],
        recorded: dict[str, str],
    ) -> Fleet:
        known = dict.fromkeys([settings["provider"], *filter(None, names)])
        makers = {one: self.provider(one, settings) for one in known}
        return Fleet(name, cluster_id, makers, recorded, partial(self.check_lock, name))

    def provider(self, name: str, settings: dict[str, Any]) -> Provider:
        """A provider as a cluster's settings tell it; always the same one, because it remembers its host's facts."""
        key = json.dumps([name, settings.get(registry.key_of(name))], sort_keys=True)
        if key not in self._providers:
            self._providers[key] = registry.make(name, settings, self.home / "artifacts" / "releases")
        return self._providers[key]

    def look_again(self) -> None:
        """Forget what the providers remember of their hosts, whose networks changed."""
        self._providers.clear()

    def cluster(self, name: str) -> Cluster:
        """A recorded cluster.

        :raises CskError: where there is none of this name.
        """
        cluster = self.ledger.cluster(name)
        if cluster is None:
            known = ", ".join(c.name for c in self.ledger.clusters()) or "none"
            raise CskError(
                Problem(
                    "csk_name",
                    f"there is no cluster {name!r} in the ledger {self.ledger.where}.",
                    "a cluster is known by its ledger.",
                    f"use one of those that are there ({known}), or another csk_home or csk_ledger_url.",
                )
            )
        return cluster

    def close(self) -> None:
        """End the step: other tasks of the run that wait for it go on."""
        for turn in self._turns.values():
            turn.close()
        self._turns.clear()

    def lock(self, cluster: str, alone: bool = True) -> None:
        """Have the cluster's lock from here on, for the run; a process renews it until the run has ended.

        Before each change by the session's ledger, providers and API it is seen to, so that a run that has lost the
        lock stops.

        :param alone: let other tasks of this run wait that read and change the cluster, until this step is closed:
            the run's tasks for several hosts are processes that run at once.
        :raises CskError: where another run has it; or where this run had it and has lost it, because what it found
            before may no longer be so.
        """
        ledger = self.ledger  # opened first: it makes csk_home
        holding = self._holding(cluster)
        if alone and cluster not in self._turns:
            self._turns[cluster] = holding.turn(self.say)
        noted = holding.noted
        if noted:
            ledger.renew(cluster, self.run)
        else:
            try:
                result = ledger.lock(cluster, self.run, self._given.take_over)
            except CskError:
                holding.end()
                raise
            holding.note()
            if result.taken_over_from:
                self.say(f"{cluster}: took over the lock of {result.taken_over_from}")
        self._locked.add(cluster)
        ledger.write_as(cluster, self.run)
        ended = holding.keep()
        if ended and noted:  # one that isn't needed any more ends by itself
            self.say(f"{cluster}: the process that renews the lock is gone ({ended}); another one was started")

    def unlock(self, cluster: str) -> None:
        """Give the cluster's lock back."""
        self._holding(cluster).forget()
        self._locked.discard(cluster)
        self.ledger.write_as(cluster, None)
        self.ledger.unlock(cluster, self.run)

    def check_lock(self, cluster: str) -> None:
        """See that a lock that this step has is still the run's.

        :raises CskError: where it isn't.
        """
        if cluster in self._locked:
            self.ledger.check_lock(cluster, self.run)

    def _holding(self, cluster: str) -> Holding:
        return Holding(self.home, self._given.ledger_url, self.run, cluster)

    def live(self, cluster: Cluster, chosen: Sequence[Machine] = ()) -> Live:
        """Ask the providers, etcd's members and the API, which is asked at a master whose etcd is the cluster's.

        :param chosen: the machines that matter, where not all do. While the cluster is being created and none of
            them is there, the API isn't asked: it would only be waited for.
        """
        machines = self.fleet(cluster).states()
        first = cluster.status == "creating" and not any(m.name in machines for m in chosen or machines.values())
        if first:
            return Live(machines, Observed(False))
        if cluster.status != "ready":
            return Live(machines, self.observe(cluster))
        masters = masters_of(self.ledger.machines(cluster.name))
        running = [m for m in masters if m.name in machines and machines[m.name].status == "running"]
        strange, address = members.strangers(self, cluster, running)
        observed = self.observe(cluster, address)
        if observed.reachable and observed.record is None:
            # By a bootstrap's manifest an etcd without data has the same IDs, where no other member answers it.
            strange |= members.lost(self, cluster, running)
        return Live(machines, observed, strange, address)

    def observe(self, cluster: Cluster, address: str | None = None) -> Observed:
        """What the API shows; nothing where the cluster has no credentials yet.

        :param address: of one master, whose own API server is asked; None: the endpoint.
        """
        try:
            with self.api(cluster, address=address) as api:
                return api.observe()
        except LookupError:
            return Observed(False)

    @contextmanager
    def api(self, cluster: Cluster, timeout: float = 5, address: str | None = None) -> Iterator[ClusterApi]:
        """The cluster's API, as its administrator.

        :param address: of one master, whose own API server is asked; None: the endpoint.
        :raises LookupError: where the ledger has no credentials for it.
        """
        names = ["ca.crt", "admin.crt", "admin.key"]
        secrets = self.ledger.secrets(cluster.name, names)
        if set(names) - set(secrets):
            raise LookupError(cluster.name)
        server = f"https://{address or cluster.endpoint}:{PORT}"
        keys = (secrets[name] for name in names)
        check = partial(self.check_lock, cluster.name)
        with connect(self.folder(cluster.name), server, *keys, timeout=timeout, before_change=check) as api:
            try:
                yield api
            except api.errors as error:
                rule = "the cluster's API answers at its endpoint."
                fix = "run the playbook again; where that doesn't help, see csk.kubernetes.info and the masters."
                raise CskError(Problem(f"API of {cluster.name}", f"{server}: {said(error)}.", rule, fix)) from None

    def folder(self, cluster: str) -> Path:
        """The cluster's folder in csk_home."""
        return self.home / "clusters" / cluster

    def step(self, cluster: str, title: str) -> AbstractContextManager[None]:
        """Note a step of this run and its seconds, for the summary at the end."""
        return progress.step(self.folder(cluster), self.run, title)

    def steps(self, cluster: str, since: float) -> list[tuple[str, float]]:
        """The steps of this run with their seconds; what lies between two of them was the roles' work.

        :param since: when the playbook began, in seconds since the epoch; the run may have had others before.
        """
        return progress.steps(self.folder(cluster), self.run, since)

    def started(self) -> float:
        """When this ansible-playbook was started, in seconds since the epoch."""
        return progress.started(self.run)
