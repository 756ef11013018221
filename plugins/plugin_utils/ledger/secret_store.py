# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's secrets (CA keys, kubeconfigs), encrypted by Fernet with a key that is not in the database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import CskError, Problem
from . import keyfile
from . import schema as t
from .clusters import Clusters

if TYPE_CHECKING:
    from cryptography.fernet import Fernet
    from sqlalchemy import Connection

KEY_VARIABLE = "CSK_LEDGER_KEY"
_RULE = "secrets are kept encrypted by one key for the whole ledger."


class SecretStore(Clusters):
    """Keeping secrets of clusters, by cluster and name."""

    def put_secret(self, cluster: str, name: str, data: bytes) -> None:
        """Keep one secret; one of that name is replaced."""
        self.put_secrets(cluster, {name: data})

    def put_secrets(self, cluster: str, secrets: Mapping[str, bytes]) -> None:
        """Keep all of these secrets or none, so that a killed run leaves no CA without its key.

        :raises CskError: when there is no such cluster, or the key is missing or wrong.
        """
        with self._write() as connection:
            cluster_id = self._locked(connection, cluster).id
            cipher = self._cipher(connection)
            mine = (t.SECRETS.c.cluster_id == cluster_id) & t.SECRETS.c.name.in_(secrets)
            connection.execute(t.SECRETS.delete().where(mine))
            for name, data in secrets.items():
                row = {"cluster_id": cluster_id, "name": name, "data": cipher.encrypt(data)}
                connection.execute(t.SECRETS.insert().values(**row))

    def secret(self, cluster: str, name: str) -> bytes | None:
        """Return one secret, or None if it or the cluster isn't there.

        :raises CskError: when the key is missing or wrong.
        """
        return self.secrets(cluster, [name]).get(name)

    def secrets(self, cluster: str, names: list[str]) -> dict[str, bytes]:
        """Return those of the named secrets that are there, in one step.

        :raises CskError: when the key is missing or wrong.
        """
        query = (
            t.sa.select(t.SECRETS.c.name, t.SECRETS.c.data)
            .join(t.CLUSTERS)
            .where(t.CLUSTERS.c.name == cluster, t.SECRETS.c.name.in_(names))
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
            if not rows:
                return {}
            cipher = self._cipher(connection)
        return {row.name: cipher.decrypt(row.data) for row in rows}

    def delete_secret(self, cluster: str, name: str) -> None:
        """Forget one secret. One that isn't there is no error."""
        with self._write() as connection:
            mine = (t.SECRETS.c.cluster_id == self._locked(connection, cluster).id) & (t.SECRETS.c.name == name)
            connection.execute(t.SECRETS.delete().where(mine))

    def secret_names(self, cluster: str) -> list[str]:
        """Return the names of the cluster's secrets; this needs no key."""
        query = t.sa.select(t.SECRETS.c.name).join(t.CLUSTERS).where(t.CLUSTERS.c.name == cluster)
        with self._read() as connection:
            return list(connection.scalars(query.order_by(t.SECRETS.c.name)))

    def check_key(self) -> None:
        """Check the key before anything is changed; in a ledger without secrets, make and note it.

        :raises CskError: when it is missing or wrong.
        """
        with self._write() as connection:
            self._cipher(connection)

    def _cipher(self, connection: Connection) -> Fernet:
        return self._keyed(connection)[1]

    def _keyed(self, connection: Connection) -> tuple[str, Fernet]:
        """Return the ledger's key and its cipher. The first one, in a ledger that has none, makes and notes it."""
        from cryptography.fernet import Fernet, InvalidToken

        # First whether there is a key, waiting for who makes it just now; then where it is.
        check = self._key_check(connection)
        path = self._home / "key"
        where, key = "the ledger's key", self._given_key
        if not key:
            where, key = KEY_VARIABLE, os.environ.get(KEY_VARIABLE)
        if not key:
            where, key = str(path), keyfile.read(path)
        if not key:
            key = self._new_key(connection, path, check)
        try:
            cipher = Fernet(key)
        except ValueError:
            raise CskError(
                Problem(
                    where,
                    "is no Fernet key.",
                    "the key is 32 random bytes in URL-safe base64.",
                    "see that it was copied whole.",
                )
            ) from None
        if check is None:
            row = {"name": "key_check", "value": cipher.encrypt(b"csk")}
            connection.execute(t.SETTINGS.insert().values(**row))
            return key, cipher
        try:
            cipher.decrypt(check)
        except InvalidToken:
            raise CskError(
                Problem(
                    where,
                    f"is not the key that the secrets of the ledger {self.where} were encrypted with.",
                    _RULE,
                    f"set {KEY_VARIABLE} to that key, or put back the file key of the csk_home where the ledger began.",
                )
            ) from None
        return key, cipher

    def _new_key(self, connection: Connection, path: Path, check: bytes | None) -> str:
        """Make the key of a ledger that has none.

        One that a team shares gets its key from the team: a csk_home may be a container's, and gone after the run.

        :raises CskError: where there must be a key already.
        """
        shared = connection.dialect.name == "postgresql"
        if check is None and not shared:
            return keyfile.create(path)
        fix = f"set {KEY_VARIABLE}, or put the file key from the csk_home where the ledger began at {path}."
        if check is None:
            fix = f"make a key for all who use this ledger, and set {KEY_VARIABLE} to it; docs/ledger.md says how."
        what = f"the key of the ledger {self.where} is missing."
        raise CskError(Problem(f"{KEY_VARIABLE}, {path}", what, _RULE, fix))

    def _key_check(self, connection: Connection) -> bytes | None:
        """Return what was encrypted with the ledger's key. If nothing was yet, this transaction may: others wait."""
        query = t.sa.select(t.SETTINGS.c.value).where(t.SETTINGS.c.name == "key_check")
        check = connection.scalar(query)
        if check is None:
            self._lock_settings(connection)
            check = connection.scalar(query)
        return check
