# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some share a cluster of the same kind as the integration tests of upgrades; the others make their own before it."""

from __future__ import annotations

from integration.upgrade.conftest import old, service

__all__ = ["old", "service"]
