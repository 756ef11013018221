# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger rebuilt from its cluster, and one on PostgreSQL that a team uses."""

from __future__ import annotations
