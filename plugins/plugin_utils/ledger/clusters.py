# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's clusters."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from ..core.errors import CskError, Problem
from ..core.models import Cluster, ClusterStatus
from ..rules.quotas import clusters_problem
from ..rules.records import settings_now
from . import networks
from . import schema as t
from .locks import Locks

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row


class Clusters(Locks):
    """Reading, creating and changing clusters."""

    def clusters(self, account: str | None = None) -> list[Cluster]:
        """Return the clusters, of one account or of all, by name."""
        query = t.sa.select(t.CLUSTERS).order_by(t.CLUSTERS.c.name)
        if account is not None:
            query = query.where(t.CLUSTERS.c.account == account)
        with self._read() as connection:
            return [self._cluster(row) for row in connection.execute(query)]

    def cluster(self, name: str) -> Cluster | None:
        """Return the cluster of that name."""
        with self._read() as connection:
            row = connection.execute(t.sa.select(t.CLUSTERS).where(t.CLUSTERS.c.name == name)).first()
        return self._cluster(row) if row else None

    def create_cluster(
        self,
        name: str,
        account: str,
        version: str,
        spec: dict[str, Any],
        taken_cidrs: Iterable[str] = (),
        wanted_cidr: str | None = None,
        quota: int | None = None,
    ) -> Cluster:
        """Record a new cluster, and give it its network and its endpoint's address.

        :param version: the exact Kubernetes version, without v.
        :param taken_cidrs: networks that exist where the machines will be (the provider knows them).
        :param wanted_cidr: the machines' network; without one the first free /24 of 172.30.0.0/16.
        :param quota: how many clusters the account may have; None: no bound.
        :raises CskError: when the name is taken, the quota is used up, or the network is taken, malformed or too small.
        """
        with self._write() as connection:
            self._lock_settings(connection)
            self._may_write(connection, name)
            known = [self._cluster(row) for row in connection.execute(t.sa.select(t.CLUSTERS))]
            if any(cluster.name == name for cluster in known):
                raise CskError(
                    Problem(
                        "csk_cluster.name",
                        f"the ledger {self.where} already has a cluster {name!r}.",
                        "a name is used once in a ledger.",
                        "choose another name, or delete that cluster by the playbook csk.kubernetes.delete.",
                    )
                )
            full = quota and clusters_problem(sum(cluster.account == account for cluster in known), quota)
            if full:
                raise CskError(full)
            network = networks.choose(known, spec, list(taken_cidrs), wanted_cidr)
            cluster = Cluster(
                id=str(uuid.uuid4()),
                name=name,
                account=account,
                version=version,
                spec=spec,
                status="creating",
                vpc_cidr=str(network),
                endpoint=networks.endpoint(network),
                etcd_token=secrets.token_hex(16),
                created_at=self._now(connection),
                router_id=1 + secrets.randbelow(255),
            )
            connection.execute(t.CLUSTERS.insert().values(**vars(cluster)))
        return cluster

    def set_spec(self, name: str, spec: dict[str, Any]) -> None:
        """Record what the cluster shall be."""
        self._update(name, spec=spec)

    def set_upgrade(self, name: str, upgrade_to: str | None) -> None:
        """Record which upgrade is under way; None: none."""
        self._update(name, upgrade_to=upgrade_to)

    def set_restoring(self, name: str, snapshot: str, version: str, going: Collection[str]) -> None:
        """Record, all or nothing, that the cluster is made anew from a snapshot of etcd, once its old masters are gone.

        :param version: the snapshot's.
        :param going: machines that are made anew: all masters, and workers that don't fit.
        """
        with self._write() as connection:
            cluster = self._locked(connection, name)
            values = {
                "status": "restoring",
                "restore_from": snapshot,
                "version": version,
                "upgrade_to": None,
                "etcd_token": secrets.token_hex(16),
            }
            connection.execute(t.CLUSTERS.update().where(t.CLUSTERS.c.id == cluster.id).values(**values))
            mine = (t.MACHINES.c.cluster_id == cluster.id) & t.MACHINES.c.name.in_(going)
            connection.execute(t.MACHINES.update().where(mine).values(status="new", version=version))

    def set_ready(self, name: str) -> None:
        """Record that every node was Ready; a restoration is over then."""
        self._update(name, status="ready", restore_from=None)

    def set_version(self, name: str, version: str) -> None:
        """Record which version the masters have; machines that are made from now on have it too."""
        self._update(name, version=version)

    def set_status(self, name: str, status: ClusterStatus) -> None:
        """Record how far the cluster is."""
        self._update(name, status=status)

    def delete_cluster(self, name: str) -> None:
        """Forget the cluster with its pools, machines and secrets; its operations stay. No error if it isn't there."""
        with self._write() as connection:
            self._may_write(connection, name)
            connection.execute(t.CLUSTERS.delete().where(t.CLUSTERS.c.name == name))

    def _update(self, name: str, **values: Any) -> None:
        with self._write() as connection:
            cluster = self._locked(connection, name)
            connection.execute(t.CLUSTERS.update().where(t.CLUSTERS.c.id == cluster.id).values(**values))

    def _locked(self, connection: Connection, name: str) -> Cluster:
        """Return the cluster, its row and its lock held until the transaction ends: whoever asks writes."""
        cluster = self._known(connection, name, lock=True)
        self._may_write(connection, name)
        return cluster

    def _cluster(self, row: Row) -> Cluster:
        return Cluster(**{**row._mapping, "spec": self._complete("csk_cluster", settings_now(row.spec))})

    def _known(self, connection: Connection, name: str, lock: bool = False) -> Cluster:
        query = t.sa.select(t.CLUSTERS).where(t.CLUSTERS.c.name == name)
        row = connection.execute(query.with_for_update() if lock else query).first()
        if row is None:
            raise CskError(
                Problem(
                    "csk_cluster.name",
                    f"the ledger {self.where} has no cluster {name!r}.",
                    "only clusters that the ledger knows can be worked on.",
                    "check the name and csk_home; csk.kubernetes.info lists the clusters.",
                )
            )
        return self._cluster(row)
