# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that are set up in another way; each is the only one while it is there."""

from __future__ import annotations

from integration.cluster.conftest import echo, playbooks

__all__ = ["echo", "playbooks"]
