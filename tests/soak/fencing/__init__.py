# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that can't be reached, are silent, or don't get empty: fence first, then force."""

from __future__ import annotations
