# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether csk_home is a place that keeps a ledger."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.errors import Problem
from ..rules.lasting import why_lost
from .secret_store import KEY_VARIABLE

_MOUNTS = Path("/proc/self/mountinfo")
_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))


def keeping_problems(home: Path, url: str | None) -> list[Problem]:
    """Why a new cluster may not be recorded here: its CAs would be lost with the container that csk runs in.

    :param url: of a PostgreSQL database, which keeps what it is given, but for the key that is nowhere.
    """
    if url:
        key = home.expanduser() / "key"
        if os.environ.get(KEY_VARIABLE) or key.exists():
            return []
        what, rule = "the key of a shared ledger is missing.", "a team's ledger gets its key from the team."
        fix = f"set {KEY_VARIABLE} to it (in AWX: give the job its credential); docs/ledger.md says how one is made."
        return [Problem(f"{KEY_VARIABLE}, {key}", what, rule, fix)]
    try:
        mounts = _MOUNTS.read_text("utf-8", errors="replace")
    except OSError:  # no Linux
        return []
    marked = "KUBERNETES_SERVICE_HOST" in os.environ or any(mark.exists() for mark in _MARKS)
    folder = os.path.realpath(home.expanduser())
    why = why_lost(folder, mounts, marked)
    if not why:
        return []
    rule = "a new cluster is recorded where its CAs are kept: in PostgreSQL, or in a csk_home that outlives the run."
    fix = (
        "set CSK_LEDGER_URL and CSK_LEDGER_KEY (in AWX: give the job its credential), or mount a volume or a folder "
        "of the host at csk_home."
    )
    return [Problem("csk_home", f"{folder} {why}.", rule, fix)]
