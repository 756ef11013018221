# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's node pools and machines."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, MachineStatus, NewMachine, Pool
from ..rules.quotas import nodes_problem
from . import networks
from . import schema as t
from .clusters import Clusters

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Machines(Clusters):
    """Reading and changing pools and machines; machines get their names and addresses here."""

    def pools(self, cluster: str) -> list[Pool]:
        """Return the cluster's pools by name; none when there is no such cluster."""
        query = t.sa.select(t.POOLS.c.name, t.POOLS.c.spec).join(t.CLUSTERS).where(t.CLUSTERS.c.name == cluster)
        with self._read() as connection:
            rows = connection.execute(query.order_by(t.POOLS.c.name))
            return [Pool(cluster, row.name, self._complete("csk_nodepool", row.spec)) for row in rows]

    def put_pool(self, cluster: str, name: str, spec: dict[str, Any]) -> None:
        """Record what the pool shall be; one that isn't there yet comes to be."""
        with self._write() as connection:
            cluster_id = self._locked(connection, cluster).id
            mine = (t.POOLS.c.cluster_id == cluster_id) & (t.POOLS.c.name == name)
            if connection.execute(t.POOLS.update().where(mine).values(spec=spec)).rowcount == 0:
                row = {"cluster_id": cluster_id, "name": name, "spec": spec, "next_number": 1}
                connection.execute(t.POOLS.insert().values(**row))

    def delete_pool(self, cluster: str, name: str) -> None:
        """Forget the pool. One that isn't there is no error.

        :raises CskError: when it still has machines.
        """
        with self._write() as connection:
            cluster_id = self._locked(connection, cluster).id
            left = connection.scalars(
                t.sa.select(t.MACHINES.c.name).where(t.MACHINES.c.cluster_id == cluster_id, t.MACHINES.c.pool == name)
            ).all()
            if left:
                raise CskError(
                    Problem(
                        "csk_nodepools",
                        f"the pool {name!r} of {cluster!r} still has the machines {', '.join(sorted(left))}.",
                        "a pool goes after its machines.",
                        "run the playbook again; it removes the machines first.",
                    )
                )
            connection.execute(t.POOLS.delete().where(t.POOLS.c.cluster_id == cluster_id, t.POOLS.c.name == name))

    def machines(self, cluster: str | None = None) -> list[Machine]:
        """Return the machines of one cluster, or of all: by cluster, masters first, then by pool and number."""
        columns = [column for column in t.MACHINES.c if column.name not in ("cluster_id", "number")]
        query = t.sa.select(t.CLUSTERS.c.name.label("cluster"), *columns).join(t.CLUSTERS)
        if cluster is not None:
            query = query.where(t.CLUSTERS.c.name == cluster)
        order = (t.CLUSTERS.c.name, t.MACHINES.c.role, t.MACHINES.c.pool, t.MACHINES.c.number)
        with self._read() as connection:
            return [Machine(**row._mapping) for row in connection.execute(query.order_by(*order))]

    def add_machines(self, cluster: str, new: Iterable[NewMachine], quota: int | None = None) -> list[Machine]:
        """Record new machines, all or none, and give them their names and addresses.

        Masters are ``master-<n>`` with the lowest free n; workers ``<pool>-<n>`` with an n that the pool never gave
        before. An address is the lowest free one.

        :param quota: how many machines the cluster may have; None: no bound.
        :raises CskError: when the cluster or a pool isn't there, the quota would be exceeded, or too few addresses of
            the network are free.
        """
        new = list(new)
        with self._write() as connection:
            record = self._locked(connection, cluster)
            rows = connection.execute(
                t.sa.select(t.MACHINES.c.role, t.MACHINES.c.number, t.MACHINES.c.address).where(
                    t.MACHINES.c.cluster_id == record.id
                )
            ).all()
            masters = sum(item.role == "master" for item in (*rows, *new))
            full = quota and nodes_problem(masters, len(rows) + len(new) - masters, quota)
            if full:
                raise CskError(full)
            numbers = self._numbers(connection, record, new, {row.number for row in rows if row.role == "master"})
            addresses = list(
                zip(new, networks.free_addresses(record.vpc_cidr, [row.address for row in rows]), strict=False)
            )
            if len(addresses) < len(new):
                raise CskError(
                    Problem(
                        "csk_nodepools",
                        f"{len(new)} more machines have no place in the network {record.vpc_cidr} of {cluster!r}: "
                        f"{len(addresses)} addresses are free.",
                        "every machine has an address of its own in the cluster's network, which can't change.",
                        "ask for fewer machines, or create a cluster with a larger csk_cluster.vpc_cidr.",
                    )
                )
            machines = []
            for (machine, address), number in zip(addresses, numbers, strict=True):
                name = f"{'master' if machine.role == 'master' else machine.pool}-{number}"
                values = vars(machine) | {"name": name, "address": address, "status": "new", "version": record.version}
                values["provider"] = machine.provider or record.spec["provider"]
                connection.execute(t.MACHINES.insert().values(cluster_id=record.id, number=number, **values))
                machines.append(Machine(cluster=cluster, **values))
        return machines

    def set_machine_status(self, cluster: str, names: Collection[str], status: MachineStatus) -> None:
        """Record how far these machines are.

        :raises CskError: when one isn't there; then none is changed.
        """
        with self._write() as connection:
            cluster_id = self._locked(connection, cluster).id
            mine = (t.MACHINES.c.cluster_id == cluster_id) & t.MACHINES.c.name.in_(names)
            known = set(connection.scalars(t.sa.select(t.MACHINES.c.name).where(mine)))
            if missing := sorted(set(names) - known):
                raise CskError(
                    Problem(
                        "csk_nodepools",
                        f"the cluster {cluster!r} has no machines {', '.join(missing)} in the ledger {self.where}.",
                        "only machines that the ledger knows can be worked on.",
                        "see csk.kubernetes.info for the machines, and run the playbook again.",
                    )
                )
            connection.execute(t.MACHINES.update().where(mine).values(status=status))

    def set_machine_version(self, cluster: str, names: Collection[str], version: str) -> None:
        """Record which release these machines have."""
        with self._write() as connection:
            cluster_id = self._locked(connection, cluster).id
            mine = (t.MACHINES.c.cluster_id == cluster_id) & t.MACHINES.c.name.in_(names)
            connection.execute(t.MACHINES.update().where(mine).values(version=version))

    def delete_machines(self, cluster: str, names: Collection[str]) -> None:
        """Forget these machines. One that isn't there is no error: a killed run may have done it."""
        with self._write() as connection:
            cluster_id = self._locked(connection, cluster).id
            mine = (t.MACHINES.c.cluster_id == cluster_id) & t.MACHINES.c.name.in_(names)
            connection.execute(t.MACHINES.delete().where(mine))

    def _numbers(self, connection: Connection, cluster: Cluster, new: list[NewMachine], masters: set[int]) -> list[int]:
        """Return a number for each new machine and move the pools' counters on."""
        free_masters = (number for number in count(1) if number not in masters)
        counters = {
            pool: self._take(connection, cluster, pool, sum(machine.pool == pool for machine in new))
            for pool in sorted({str(machine.pool) for machine in new if machine.role == "worker"})
        }
        return [next(free_masters if machine.role == "master" else counters[str(machine.pool)]) for machine in new]

    def _take(self, connection: Connection, cluster: Cluster, pool: str, amount: int) -> Iterator[int]:
        mine = (t.POOLS.c.cluster_id == cluster.id) & (t.POOLS.c.name == pool)
        first = connection.scalar(t.sa.select(t.POOLS.c.next_number).where(mine))
        if first is None:
            raise CskError(
                Problem(
                    "csk_nodepools",
                    f"the cluster {cluster.name!r} has no pool {pool!r} in the ledger {self.where}.",
                    "a worker belongs to a pool of its cluster.",
                    "put the pool into csk_nodepools.",
                )
            )
        connection.execute(t.POOLS.update().where(mine).values(next_number=first + amount))
        return iter(range(first, first + amount))
