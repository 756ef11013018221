# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which provider has each machine."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; machines have their cluster's provider until now, and the first csk had only one."""
    import sqlalchemy as sa
    from alembic import op

    op.add_column("machines", sa.Column("provider", sa.String(255), nullable=False, server_default=""))
    clusters = sa.table("clusters", sa.column("id"), sa.column("spec", sa.JSON))
    machines = sa.table("machines", sa.column("cluster_id"), sa.column("provider"))
    connection = op.get_bind()
    for cluster in connection.execute(sa.select(clusters.c.id, clusters.c.spec)).all():
        mine = machines.c.cluster_id == cluster.id
        connection.execute(sa.update(machines).where(mine).values(provider=cluster.spec.get("provider", "container")))
