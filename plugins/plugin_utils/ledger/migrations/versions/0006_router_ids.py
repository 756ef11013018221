# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which virtual router ID the masters of each cluster have."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; all clusters had the same one until now."""
    import sqlalchemy as sa
    from alembic import op

    op.add_column("clusters", sa.Column("router_id", sa.Integer, nullable=False, server_default="51"))
