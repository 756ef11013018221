# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's lock: kept while it lives, whatever it waits for, gone with it, and nothing is changed without it."""

from __future__ import annotations
