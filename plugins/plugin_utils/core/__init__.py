# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors, values and names that every other floor may use. It imports nothing of ours; see docs/architecture.md."""

from __future__ import annotations
