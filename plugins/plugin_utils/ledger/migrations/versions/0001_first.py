# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first ledger."""

from __future__ import annotations

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    import sqlalchemy as sa
    from alembic import op

    def cluster_id() -> sa.Column:
        return sa.Column(
            "cluster_id", sa.String(36), sa.ForeignKey("clusters.id", ondelete="CASCADE"), primary_key=True
        )

    settings = op.create_table(
        "settings",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.bulk_insert(settings, [{"name": "allocation", "value": b""}])
    op.create_table(
        "clusters",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(63), nullable=False, unique=True),
        sa.Column("account", sa.String(63), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("vpc_cidr", sa.String(43), nullable=False, unique=True),
        sa.Column("endpoint", sa.String(39), nullable=False),
        sa.Column("etcd_token", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("ix_clusters_account", "clusters", ["account"])
    op.create_table(
        "pools",
        cluster_id(),
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("next_number", sa.Integer, nullable=False),
    )
    op.create_table(
        "machines",
        cluster_id(),
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("pool", sa.String(63)),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(63), nullable=False),
        sa.Column("address", sa.String(39), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.UniqueConstraint("cluster_id", "address"),
        sa.ForeignKeyConstraint(["cluster_id", "pool"], ["pools.cluster_id", "pools.name"]),
    )
    op.create_table(
        "secrets",
        cluster_id(),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "locks",
        sa.Column("cluster", sa.String(63), primary_key=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("renewed_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("cluster", sa.String(63), nullable=False),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("result", sa.String(63), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("ix_operations_cluster", "operations", ["cluster"])
