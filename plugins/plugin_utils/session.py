# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one csk_* step works with: the ledger, the provider, the catalogue, the cluster's API, and its own progress."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import catalogue
from .cluster_api import ClusterApi, Observed, connect
from .errors import CskError, Problem
from .kubeadm import PORT
from .ledger import Ledger, Run
from .models import Cluster, Machine
from .quotas import Quotas

if TYPE_CHECKING:
    from .providers.base import MachineState, Provider

ROLES_SECONDS = 0.5  # a shorter time between two steps is Ansible's own
FLANNEL_IMAGE = "ghcr.io/flannel-io/flannel"
MASTERS_FILES = "files of the masters"
JOINING_FILES = "files of the nodes that join"
# What the roles do after a step, on the hosts.
WORK_AFTER = {
    MASTERS_FILES: "etcd, control planes and API start; what the cluster shares is uploaded",
    JOINING_FILES: "nodes join, masters are marked, the network plugin is installed",
}


@dataclass(frozen=True)
class Live:
    """What is really there: the provider's machines by name, and what the API shows."""

    machines: dict[str, MachineState]
    observed: Observed


@dataclass(frozen=True)
class Given:
    """What the options that every csk_* module has say, or else the environment.

    :param ledger_url: of a PostgreSQL database; it may hold a password, so it is in no ``repr``.
    :param catalogue: a folder of release files.
    :param today: the date of the catalogue's rules.
    :param take_over: whether a lock may be taken over from a run elsewhere.
    """

    home: Path
    ledger_url: str | None = field(repr=False)
    catalogue: Path
    today: date
    quotas: Quotas
    take_over: bool = False

    @classmethod
    def of(cls, values: dict[str, Any]) -> Given:
        """The options among a module's arguments; each of them may be absent.

        :raises CskError: for a date or a quota that isn't one.
        """
        env = os.environ
        return cls(
            home=Path(values.get("csk_home") or env.get("CSK_HOME") or "~/.csk").expanduser(),
            ledger_url=values.get("csk_ledger_url") or env.get("CSK_LEDGER_URL") or None,
            catalogue=Path(values.get("csk_catalogue") or env.get("CSK_CATALOGUE") or catalogue.RELEASES).expanduser(),
            today=_date(values.get("csk_today")),
            quotas=Quotas.of(values.get("csk_quotas")),
            take_over=bool(values.get("csk_take_over")),
        )


class Session:
    """One csk_* step.

    :param say: shows a line of progress.
    """

    def __init__(self, given: Given, say: Callable[[str], None]) -> None:
        self.home = given.home
        self.today = given.today
        self.quotas = given.quotas
        self.catalogue_folder = given.catalogue
        self.say = say
        self._given = given
        self.run = Run.current()
        self._providers: dict[str, Provider] = {}

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened at its first use."""
        return Ledger.open(str(self.home), self._given.ledger_url)

    @cached_property
    def minors(self) -> dict[str, catalogue.Minor]:
        """The version catalogue."""
        return catalogue.load(self.catalogue_folder)

    def release(self, version: str) -> dict[str, Any]:
        """The components of an exact version, as the catalogue has them."""
        return self.minors[catalogue.minor_of(version)].releases[version]

    def flannel_image(self, version: str) -> str:
        """The network plugin's image in the release of an exact version."""
        return f"{FLANNEL_IMAGE}:{self.release(version)['flannel']['tag']}"

    def provider(self, spec: dict[str, Any]) -> Provider:
        """The provider that a cluster's settings name; always the same one, because it remembers its host's facts."""
        from .providers.container import ContainerProvider

        root = spec["data_root"]
        if root not in self._providers:
            releases = self.home / "artifacts" / "releases"
            self._providers[root] = ContainerProvider(artifacts=releases, data_root=root)
        return self._providers[root]

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

    def lock(self, cluster: str) -> None:
        """Take the cluster's lock, or renew it; another run's is an error."""
        result = self.ledger.lock(cluster, self.run, self._given.take_over)
        if result.taken_over_from:
            self.say(f"{cluster}: took over the lock of {result.taken_over_from}")

    def live(self, cluster: Cluster, chosen: Sequence[Machine] = ()) -> Live:
        """Ask the provider and the API.

        :param chosen: the machines that matter, where not all do. While the cluster is being created and none of
            them is there, the API isn't asked: it would only be waited for.
        """
        machines = {state.name: state for state in self.provider(cluster.spec).list(cluster.name)}
        first = cluster.status == "creating" and not any(m.name in machines for m in chosen or machines.values())
        return Live(machines, Observed(False) if first else self.observe(cluster))

    def observe(self, cluster: Cluster) -> Observed:
        """What the API shows; nothing where the cluster has no credentials yet."""
        try:
            with self.api(cluster) as api:
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
        with connect(self.folder(cluster.name), server, *(secrets[name] for name in names), timeout=timeout) as api:
            try:
                yield api
            except api.errors as error:
                reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
                rule = "the cluster's API answers at its endpoint."
                fix = "run the playbook again; where that doesn't help, see csk.kubernetes.info and the masters."
                raise CskError(Problem(f"API of {cluster.name}", f"{server}: {reason}.", rule, fix)) from None

    def folder(self, cluster: str) -> Path:
        """The cluster's folder in csk_home."""
        return self.home / "clusters" / cluster

    @contextmanager
    def step(self, cluster: str, title: str) -> Iterator[None]:
        """Note a step of this run and its seconds, for the summary at the end."""
        started = time.time()
        yield
        folder = self.folder(cluster)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = json.dumps({"run": self.run.id, "title": title, "start": started, "end": time.time()})
        with (folder / "steps.jsonl").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def steps(self, cluster: str) -> list[tuple[str, float]]:
        """The steps of this run so far with their seconds; what lies between two of them was the roles' work."""
        path = self.folder(cluster) / "steps.jsonl"
        entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        return step_seconds([entry for entry in entries if entry["run"] == self.run.id], self.started())

    def started(self) -> float:
        """When this ansible-playbook was started, in seconds since the epoch."""
        uptime = float(Path("/proc/uptime").read_text("ascii").split()[0])
        return time.time() - uptime + self.run.started / os.sysconf("SC_CLK_TCK")


def step_seconds(entries: list[dict[str, Any]], started: float) -> list[tuple[str, float]]:
    """Steps with their seconds, one after another, from noted starts and ends.

    :param entries: title, start and end (seconds since the epoch) of each; those of one title are one step.
    :param started: when the run was started.
    """
    spans: dict[str, tuple[float, float]] = {}
    for entry in entries:
        start, end = spans.get(entry["title"], (entry["start"], entry["end"]))
        spans[entry["title"]] = (min(start, entry["start"]), max(end, entry["end"]))
    found: list[tuple[str, float]] = []
    last, before = started, "start of Ansible, and the plan"
    for title, (start, end) in sorted(spans.items(), key=lambda item: item[1]):
        if start - last > ROLES_SECONDS:
            found.append((before, start - last))
        found.append((title, max(end - max(start, last), 0.0)))
        last, before = max(last, end), WORK_AFTER.get(title, "Ansible")
    return found


def host(
    cluster: Cluster,
    machine: Machine,
    masters: list[Machine],
    console: dict[str, Any],
    step: str,
    mtu: int | None = None,
) -> dict[str, Any]:
    """One machine as the playbooks give it to add_host: its name in the run, what it needs, and the way in.

    :param mtu: of the machines' network, in bytes, where it is known already.
    """
    return {
        "name": f"{cluster.name}.{machine.name}",
        "step": step,
        "role": machine.role,
        "variables": console
        | {
            "csk_node": machine.name,
            "csk_role": machine.role,
            "csk_first": bool(masters) and machine.name == masters[0].name,
            "csk_step": step,
            "csk_mtu": mtu,
        },
    }


def _date(text: str | None) -> date:
    if text is None:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        rule = "a date is YYYY-MM-DD."
        raise CskError(Problem("csk_today", f"{text!r} isn't a date.", rule, "write it like 2026-11-24.")) from None
