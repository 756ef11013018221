# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of ansible-playbook works with one ledger and one catalogue: the first csk step says which.

A run that looked into two would lock, record and make in different places. What a step resolves to depends on the
variables of its host and of its play, so a later step may come to another.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ..core.errors import CskError, Problem
from ..core.run import Run
from .given import Given

OLD_SECONDS = 7 * 24 * 3600  # longer than any run
_NAMES = ("csk_home", "csk_ledger_url", "csk_catalogue")
_RULE = "one run of ansible-playbook works with one ledger and one catalogue; its first csk step decides which."


def pin(run: Run, given: Given, folder: Path | None = None) -> None:
    """Hold a run to what its first step resolved to.

    :param folder: where it is noted, for the user alone; one in the system's folder for temporary files by default.
    :raises CskError: where an earlier step of the run resolved to something else.
    """
    folder = folder or Path(tempfile.gettempdir(), f"csk-{os.geteuid()}")
    try:
        mine = _resolved(given)
        first = _first(folder, run, mine)
    except (OSError, ValueError):
        return  # nothing can be noted here: a read-only system, or somebody else's folder
    problems = [
        Problem(
            name,
            f"is {_shown(mine[name], name)} in this step, and was {_shown(first[name], name)} in an earlier one.",
            _RULE,
            f"give {name} as an extra variable (-e), or for all hosts of the run.",
        )
        for name in _NAMES
        if mine[name] != first[name]
    ]
    if problems:
        raise CskError(problems)


def _resolved(given: Given) -> dict[str, str]:
    """What a step works with; a ledger's URL may hold a password, so only its digest is noted."""
    url = given.ledger_url
    return {
        "csk_home": os.path.realpath(given.home),
        "csk_ledger_url": hashlib.sha256(url.encode()).hexdigest() if url else "",
        "csk_catalogue": os.path.realpath(given.catalogue),
    }


def _first(folder: Path, run: Run, mine: dict[str, str]) -> dict[str, str]:
    """What the run's first step noted; that is this one where nothing is noted yet."""
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    if about.st_uid != os.geteuid() or about.st_mode & 0o077:
        raise OSError(f"{folder} isn't this user's alone")
    place = folder / run.id
    if not place.exists():
        _forget(folder, run)
        with (
            _written(folder, json.dumps({"run": asdict(run), "pinned": mine})) as new,
            contextlib.suppress(FileExistsError),
        ):
            os.link(new, place)  # of two steps at once one is the first
    noted = json.loads(place.read_text("utf-8"))["pinned"]
    return {name: str(noted.get(name, "")) for name in _NAMES}


@contextlib.contextmanager
def _written(folder: Path, text: str) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        yield Path(name)
    finally:
        os.unlink(name)


def _forget(folder: Path, run: Run) -> None:
    """Remove the notes of runs that are over; those of another container or host, where that can't be seen, by age."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if time.time() - path.lstat().st_mtime > OLD_SECONDS:
                path.unlink()
                continue
            other = Run(**json.loads(path.read_text("utf-8"))["run"])
            if run.is_here(other) and other.is_gone():
                path.unlink()


def _shown(value: str, name: str) -> str:
    if name == "csk_ledger_url":
        return "another PostgreSQL database" if value else "SQLite"
    return value
