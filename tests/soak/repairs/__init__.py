# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing after another is broken: plan says it, create puts it right, then nothing more is to do."""

from __future__ import annotations
