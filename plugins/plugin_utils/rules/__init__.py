# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be done, and what is to be done: pure functions of values, without I/O and without a clock."""

from __future__ import annotations
