# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting, with what is still wrong as progress."""

from __future__ import annotations

import time
from collections.abc import Callable

ROUND_SECONDS = 0.5


def wait(faults: Callable[[], list[str]], seconds: float, say: Callable[[str], None]) -> list[str]:
    """Ask until nothing is wrong, or the time is over; what was wrong then."""
    end, last = time.monotonic() + seconds, None
    while True:
        found = faults()
        if not found or time.monotonic() > end:
            return found
        if found != last:
            say(f"waiting: {'; '.join(found)}")
            last = found
        time.sleep(ROUND_SECONDS)
