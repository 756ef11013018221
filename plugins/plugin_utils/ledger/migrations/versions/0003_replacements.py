# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which worker a new one takes the place of in an upgrade, so that a killed run's successor knows both."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    import sqlalchemy as sa
    from alembic import op

    op.add_column("machines", sa.Column("replaces", sa.String(63)))
