# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger's tables, as the newest migration leaves them. A change here needs a migration and a new HEAD."""

from __future__ import annotations

from datetime import UTC, datetime

#: The newest revision in migrations/versions, so that opening an up-to-date ledger needs no Alembic.
HEAD = "0006"
VERSION_TABLE = "schema_version"

try:
    import sqlalchemy as sa
except ImportError:  # database.connect says so
    sa = None
else:

    class UtcDateTime(sa.TypeDecorator):
        """A moment in UTC on every database; SQLite keeps no time zone. A value without a zone counts as UTC."""

        impl = sa.DateTime
        cache_ok = True

        def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
            """Return the value as naive UTC."""
            if value is None or value.tzinfo is None:
                return value
            return value.astimezone(UTC).replace(tzinfo=None)

        def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
            """Return the stored value with its zone."""
            return None if value is None else value.replace(tzinfo=UTC)

    METADATA = sa.MetaData()

    #: Rows: ``allocation`` (locked by who allocates a network or makes the key), ``key_check`` (encrypted by the key).
    SETTINGS = sa.Table(
        "settings",
        METADATA,
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )

    CLUSTERS = sa.Table(
        "clusters",
        METADATA,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(63), nullable=False, unique=True),
        sa.Column("account", sa.String(63), nullable=False, index=True),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("vpc_cidr", sa.String(43), nullable=False, unique=True),
        sa.Column("endpoint", sa.String(39), nullable=False),
        sa.Column("etcd_token", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("upgrade_to", sa.String(32)),
        sa.Column("restore_from", sa.String(1024)),
        sa.Column("router_id", sa.Integer, nullable=False, server_default="51"),
        sa.Column("places", sa.JSON, nullable=False, server_default="{}"),
    )

    def _cluster_id() -> sa.Column:
        return sa.Column("cluster_id", sa.ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True)

    POOLS = sa.Table(
        "pools",
        METADATA,
        _cluster_id(),
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("spec", sa.JSON, nullable=False),
        # Never goes back, so that a machine's name is not used again while its pool lives.
        sa.Column("next_number", sa.Integer, nullable=False),
    )

    MACHINES = sa.Table(
        "machines",
        METADATA,
        _cluster_id(),
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("pool", sa.String(63)),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(63), nullable=False),
        sa.Column("address", sa.String(39), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("added_at", UtcDateTime, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("version", sa.String(32), nullable=False, server_default=""),
        sa.Column("replaces", sa.String(63)),
        sa.Column("provider", sa.String(255), nullable=False, server_default=""),
        sa.UniqueConstraint("cluster_id", "address"),
        sa.ForeignKeyConstraint(["cluster_id", "pool"], ["pools.cluster_id", "pools.name"]),
    )

    SECRETS = sa.Table(
        "secrets",
        METADATA,
        _cluster_id(),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )

    #: Keyed by the cluster's name, not its row: two creates of one name exclude each other.
    LOCKS = sa.Table(
        "locks",
        METADATA,
        sa.Column("cluster", sa.String(63), primary_key=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("since", UtcDateTime, nullable=False),
        sa.Column("renewed_at", UtcDateTime, nullable=False),
    )

    #: No foreign key: what was done with a cluster is still known when it is gone.
    OPERATIONS = sa.Table(
        "operations",
        METADATA,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("cluster", sa.String(63), nullable=False, index=True),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("result", sa.String(63), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
