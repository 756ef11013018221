# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files and certificates that machines get: from values, and from what is asked by functions handed in."""

from __future__ import annotations
