# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that holds the artifacts: what is complete is moved into place by one rename, under a lock."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import CskError, Problem

Say = Callable[[str], None]


def remove_tree(folder: Path) -> None:
    """Remove a folder; Go's module cache has folders that can't be written."""
    if not folder.is_dir():
        return
    for path, _folders, _files in os.walk(folder):
        Path(path).chmod(0o700)
    shutil.rmtree(folder)


class Store:
    """``{csk_home}/artifacts``: components, which releases share; releases; and unfinished things in tmp."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.root = home / "artifacts"
        self.tmp = self.root / "tmp"

    def component(self, name: str, version: str) -> Path:
        """Where a component lies when it is complete."""
        return self.root / "components" / f"{name}-{version}"

    def release(self, version: str) -> Path:
        """Where a release lies when it is complete."""
        return self.root / "releases" / version

    @contextmanager
    def locked(self, say: Say) -> Iterator[None]:
        """Only one run at a time works here; a second one waits, then finds the first one's work done.

        The lock goes with its process, so a killed run leaves none. What it left unfinished is removed.
        """
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.mkdir(exist_ok=True)
        with (self.root / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                say(f"another run (process {file.read().strip() or 'unknown'}) works on {self.root}; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            remove_tree(self.tmp)
            self.tmp.mkdir()
            yield

    def scratch(self) -> Path:
        """A new, empty folder on the same file system."""
        return Path(tempfile.mkdtemp(dir=self.tmp))

    def publish(self, made: Path, target: Path) -> None:
        """Put a complete folder in its place. A kill in between leaves no target, never half of one."""
        target.parent.mkdir(exist_ok=True)
        made.chmod(0o755)
        if target.exists():
            target.rename(self.scratch() / "old")
        made.rename(target)

    def need(self, gigabytes: int, what: str) -> None:
        """Refuse to begin where the disk can't hold the work.

        :raises CskError: with the numbers.
        """
        free = shutil.disk_usage(self.home).free / 1e9
        if free < gigabytes:
            raise CskError(
                Problem(
                    "artifacts_home",
                    f"{self.home} has {free:.1f} GB free; {what} takes up to {gigabytes} GB.",
                    "the disk must hold a build at its peak before it begins.",
                    "free some space, or set csk_home to a folder on a larger disk.",
                )
            )
