# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Putting a cluster into a ledger that lost it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, Pool
from . import schema as t
from .secret_store import SecretStore


class Restoring(SecretStore):
    """Recording a cluster that is there already."""

    def restore_cluster(
        self, cluster: Cluster, pools: Sequence[Pool], machines: Sequence[Machine], secrets: Mapping[str, bytes]
    ) -> None:
        """Record a whole cluster with its pools, machines and secrets, all or nothing.

        :raises CskError: when the ledger has one of that name, or the key is missing or wrong.
        """
        with self._write() as connection:
            self._lock_settings(connection)
            self._may_write(connection, cluster.name)
            same = t.CLUSTERS.c.name == cluster.name
            if connection.execute(t.sa.select(t.CLUSTERS.c.id).where(same)).first():
                rule = "a cluster is restored where the ledger lost it."
                fix = "see csk.kubernetes.info; there is nothing to restore."
                what = f"the ledger {self.where} has a cluster {cluster.name!r}."
                raise CskError(Problem("csk_name", what, rule, fix))
            cipher = self._cipher(connection)
            connection.execute(t.CLUSTERS.insert().values(**vars(cluster)))
            numbers = {machine.name: int(machine.name.rpartition("-")[2]) for machine in machines}
            for pool in pools:
                used = [numbers[machine.name] for machine in machines if machine.pool == pool.name]
                row = {
                    "cluster_id": cluster.id,
                    "name": pool.name,
                    "spec": pool.spec,
                    "next_number": max(used, default=0) + 1,
                }
                connection.execute(t.POOLS.insert().values(**row))
            for machine in machines:
                values = {key: value for key, value in vars(machine).items() if key != "cluster"}
                row = values | {"cluster_id": cluster.id, "number": numbers[machine.name]}
                connection.execute(t.MACHINES.insert().values(**row))
            for name, data in secrets.items():
                row = {"cluster_id": cluster.id, "name": name, "data": cipher.encrypt(data)}
                connection.execute(t.SECRETS.insert().values(**row))
