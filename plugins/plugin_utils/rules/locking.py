# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may have a cluster's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.errors import Problem
from ..core.run import Run

#: A lock that wasn't renewed for so long is a dead run's. A process renews it every 20 seconds.
EXPIRY = timedelta(minutes=2)


@dataclass(frozen=True)
class Held:
    """A lock that a run has.

    :param since: when the run took it, and ``renewed_at`` when it was last renewed; both by the ledger's clock.
    """

    cluster: str
    run: Run
    since: datetime
    renewed_at: datetime

    def told(self, now: datetime | None = None) -> str:
        """Who has it, since when, and when it was last renewed; with ``now``, how long ago that was."""
        ago = "" if now is None else f", {max(round((now - self.renewed_at).total_seconds()), 0)} s ago"
        return (
            f"run {self.run.id} on host {self.run.host}, pid {self.run.pid}, since {_time(self.since)}, "
            f"last renewed {_time(self.renewed_at)}{ago}"
        )


def why_free(held: Held, here: bool, gone: bool, now: datetime, take_over: bool) -> str | Problem:
    """Why another run may have a lock that is held, or the problem that it may not.

    A process that can be looked at is better known than by the clock: it holds its lock while it lives, and loses it
    with its end.

    :param here: whether the run that has it is of this host, boot and pid namespace, and ``gone`` whether its process
        has ended then.
    :param now: by the ledger's clock.
    :param take_over: whether the user says that the run is dead.
    """
    minutes = EXPIRY.seconds // 60
    if here:
        if gone:
            return "its process is gone"
        fix = f"wait until it has ended; if it hangs, end it (kill {held.run.pid}) and run this playbook again."
    elif now - held.renewed_at > EXPIRY:
        return f"it hasn't renewed its lock for more than {minutes} minutes"
    elif take_over:
        return "csk_take_over was given"
    else:
        fix = (
            f"wait until it has ended. A dead run's lock is free {minutes} minutes after it was last renewed; if you "
            "know that it is dead, run this playbook with -e csk_take_over=true."
        )
    what = f"another run works on this cluster: {held.told(now)}."
    return Problem(f"the lock of the cluster {held.cluster!r}", what, "one run at a time works on a cluster.", fix)


def lost(cluster: str, now_has_it: Held | None) -> Problem:
    """What a run is told that no longer has its lock."""
    what = f"has been taken over by {now_has_it.told()}" if now_has_it else "is no longer there"
    return Problem(
        f"the lock of the cluster {cluster!r}",
        f"it {what}. This run stops before it changes anything more.",
        "one run at a time works on a cluster; one that was away for too long doesn't go on with what it knew.",
        "let the other run end, then run this playbook again; it goes on from there.",
    )


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
