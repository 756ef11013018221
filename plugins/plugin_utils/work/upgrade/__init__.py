# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an upgrade that csk takes through ledger, provider and API; what happens on the hosts is the role's."""

from __future__ import annotations
