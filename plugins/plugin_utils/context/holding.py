# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's hold of one cluster: what its tasks, which are processes of their own, know of each other.

Small files in ``{csk_home}/runs/{run}``: that the run has the lock; whose turn it is; and who renews the lock. The two
latter are file locks, so that a killed process leaves none.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO

from ..core.run import Run

OLD_SECONDS = 7 * 24 * 3600  # longer than any run
_PROGRAM = Path(__file__).with_name("keep_lock.py")
# What the program that renews the lock has no need of.
_SECRETS = ("CSK_LEDGER_KEY", "CSK_LEDGER_URL")


class Holding:
    """What a run notes of one cluster in one ledger.

    :param home: csk_home.
    :param url: of the ledger, where it is a PostgreSQL database; it may hold a password, which gets into no file.
    """

    def __init__(self, home: Path, url: str | None, run: Run, cluster: str) -> None:
        self._home = home.absolute()
        self._url = url
        self._run = run
        self._cluster = cluster
        # The name may be anything: it wasn't checked when a lock is taken.
        name = hashlib.sha256(f"{url or ''}\0{cluster}".encode()).hexdigest()[:16]
        folder = self._home / "runs" / run.id
        self._held, self._turn, self._keeper = (folder / f"{name}.{kind}" for kind in ("held", "turn", "keeper"))

    @property
    def noted(self) -> bool:
        """Whether the run has taken the lock, and hasn't given it back."""
        return self._held.exists()

    def note(self) -> None:
        """Note that the run has taken the lock."""
        self._make()
        self._held.touch(mode=0o600)

    def forget(self) -> None:
        """Note that the run gives the lock back."""
        self._held.unlink(missing_ok=True)

    def turn(self, say: Callable[[str], None]) -> IO[str]:
        """Wait until no other task of the run reads and changes the cluster; closing the file ends the turn."""
        self._make()
        self._turn.touch(mode=0o600)
        file = self._turn.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{self._cluster}: waiting for another task of this run, which works on it")
            fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def keep(self) -> str | None:
        """See that a process renews the lock until the run has ended, and start one where none does.

        A new interpreter, because Ansible's workers end with their task, and a fork of one would keep what it has in
        memory. The file's lock goes over to it with its standard error, so there is never a second one.

        :returns: what the one before it said at its end, where there was one and it is gone.
        """
        self._make()
        began = self._keeper.exists()
        self._keeper.touch(mode=0o600)
        with self._keeper.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            file.seek(0)
            said = file.read().strip().rpartition("\n")[2]
            file.truncate(0)
            command = [sys.executable, "-P", str(_PROGRAM), self._cluster, str(self._run.pid)]
            environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
            given = {
                "path": [str(place) for place in sys.path],
                "home": str(self._home),
                "url": self._url,
                "cluster": self._cluster,
                "run": asdict(self._run),
            }
            started = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=file,
                env=environment,
                start_new_session=True,
            )
            started.communicate(json.dumps(given).encode())  # it goes on in a child, so that this one ends
        return (said or "it was killed") if began else None

    def end(self) -> None:
        """Remove what the run noted of the cluster, and what runs left here whose end nobody saw."""
        for path in (self._held, self._turn, self._keeper):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # another cluster's files are there
            self._held.parent.rmdir()
        with suppress(OSError):
            for folder in self._held.parent.parent.iterdir():
                if time.time() - folder.stat().st_mtime > OLD_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _make(self) -> None:
        self._held.parent.parent.mkdir(mode=0o700, exist_ok=True)
        self._held.parent.mkdir(mode=0o700, exist_ok=True)
