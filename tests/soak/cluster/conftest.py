# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""These share the integration tests' kind of cluster, which goes before those of upgrades make theirs."""

from __future__ import annotations

from integration.cluster.conftest import cluster, healthy

__all__ = ["cluster", "healthy"]
