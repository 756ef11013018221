# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters joined by hand, replaced, not well; the endpoint is given away, and its certificate gets other names."""

from __future__ import annotations
