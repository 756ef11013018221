# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release from real builds, from a file server and a registry: damage, kills, bundles."""

from __future__ import annotations
