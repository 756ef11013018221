# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: the record of clusters, pools, machines, secrets, locks and operations. See docs/ledger.md."""

from __future__ import annotations

from .locks import LockResult
from .machines import Machines
from .operations import Operation, Operations
from .restoring import Restoring
from .sealing import Sealing

__all__ = ["Ledger", "LockResult", "Operation"]


class Ledger(Machines, Restoring, Sealing, Operations):
    """One ledger, opened by :meth:`Ledger.open`.

    Each method is one transaction on a connection of its own, so a ledger may be used after a fork and by many
    processes at once. Every method raises CskError when the database can't be used.
    """
