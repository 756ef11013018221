# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run holds of one cluster: ledger, catalogue, machines, API, and its own progress."""

from __future__ import annotations
