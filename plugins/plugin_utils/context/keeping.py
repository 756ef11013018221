# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewing a lock for as long as its run lives: what the program keep_lock.py does."""

from __future__ import annotations

import fcntl
import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from ..core.errors import CskError
from ..core.run import Run
from ..ledger import Ledger
from ..rules.locking import EXPIRY
from .holding import Holding

RENEW_SECONDS = 20
RETRY_SECONDS = 5  # where the ledger can't be used just now
LOOK_SECONDS = 1.0  # between two looks, where the kernel doesn't tell of the process's end


class Lock(Protocol):
    """The part of a ledger that is needed for one lock."""

    def renewed(self, cluster: str, run: Run) -> bool:
        """Renew it; whether the run has it."""

    def unlock(self, cluster: str, run: Run) -> None:
        """Give it back."""


class Place:
    """That this process is the one that renews the lock: a lock of the open file of its standard error."""

    def leave(self) -> None:
        """Let the next task start another process."""
        fcntl.flock(2, fcntl.LOCK_UN)

    def take(self) -> bool:
        """Be the one again, unless another process is."""
        try:
            fcntl.flock(2, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def keep_for(given: dict[str, Any]) -> None:
    """Keep the lock that holding.py told of."""
    run, cluster = Run(**given["run"]), given["cluster"]
    wait = end_of(run)
    ledger = Ledger.attach(given["home"], given["url"])
    if ledger is None or not keep(ledger, cluster, run, wait, Place(), time.sleep):
        return
    Holding(Path(given["home"]), given["url"], run, cluster).end()


def keep(
    ledger: Lock,
    cluster: str,
    run: Run,
    wait: Callable[[float], bool],
    place: Place,
    sleep: Callable[[float], None],
) -> bool:
    """Renew the lock until its run has ended, then give it back.

    A run that has given it back, or lost it, needs nobody who renews it. A task that takes the lock writes that first,
    and looks then whether somebody renews it; here it is the other way round, so one of the two sees the other.

    :param wait: waits so many seconds for the run's end; whether it has ended.
    :returns: whether the run has ended.
    """
    pause = RENEW_SECONDS
    while not wait(pause):
        pause = RENEW_SECONDS
        try:
            if ledger.renewed(cluster, run):
                continue
            place.leave()
            if not ledger.renewed(cluster, run) or not place.take():
                return False
        except CskError:  # a database that restarts, say; without it, no task goes on either
            pause = RETRY_SECONDS
    for _time in range(EXPIRY.seconds // RETRY_SECONDS):  # after that it counts as dead
        try:
            ledger.unlock(cluster, run)
            break
        except CskError:
            sleep(RETRY_SECONDS)
    return True


def end_of(run: Run) -> Callable[[float], bool]:
    """What waits so many seconds for the end of a run's process; whether it has ended."""
    try:
        process = os.pidfd_open(run.pid)
    except OSError:  # it has ended; or an old kernel, or a container that forbids the call
        return lambda seconds: _looked_for(run, seconds)
    if run.is_gone():  # and another one has its pid
        return lambda _seconds: True
    poll = select.poll()
    poll.register(process, select.POLLIN)
    return lambda seconds: bool(poll.poll(seconds * 1000))


def _looked_for(run: Run, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not run.is_gone():
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True
