# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pools grow, shrink, come and go; shapes, dead workers, labels."""

from __future__ import annotations
