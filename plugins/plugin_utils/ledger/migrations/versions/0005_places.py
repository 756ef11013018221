# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where each provider has a cluster's machines."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, empty: a place is known once the machines are seen there."""
    import sqlalchemy as sa
    from alembic import op

    op.add_column("clusters", sa.Column("places", sa.JSON, nullable=False, server_default="{}"))
