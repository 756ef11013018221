# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which upgrade or restoration of a cluster is under way, and which release each machine has."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; machines have their cluster's version until now."""
    import sqlalchemy as sa
    from alembic import op

    op.add_column("clusters", sa.Column("upgrade_to", sa.String(32)))
    op.add_column("clusters", sa.Column("restore_from", sa.String(1024)))
    op.add_column("machines", sa.Column("version", sa.String(32), nullable=False, server_default=""))
    clusters = sa.table("clusters", sa.column("id"), sa.column("version"))
    machines = sa.table("machines", sa.column("cluster_id"), sa.column("version"))
    of_cluster = sa.select(clusters.c.version).where(clusters.c.id == machines.c.cluster_id).scalar_subquery()
    op.get_bind().execute(sa.update(machines).values(version=of_cluster))
