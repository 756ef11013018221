# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tools share: the checkout's folder, one run at a time, and replacing a folder in one step."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build"
VENV = TOP / ".venv"


def say(text: str) -> None:
    """Tell the person at the terminal one thing, at once."""
    print(f"-- {text}", flush=True)


def fail(what: str, fix: str) -> None:
    """End with what is wrong and the way out."""
    sys.exit(f"csk: {what}\nDo: {fix}")


@contextlib.contextmanager
def only_one(name: str) -> Iterator[None]:
    """Wait until no other run in this checkout holds the lock ``name``; a killed run's lock is gone with it."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / f".{name}.lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another make that works on {name}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(*parts: bytes) -> str:
    """SHA-256 over the parts, each with its length, as hex."""
    total = hashlib.sha256()
    for part in parts:
        total.update(b"%d:" % len(part) + part)
    return total.hexdigest()


def read(path: Path) -> str:
    """The file's text without white space around it; empty where there is no such file."""
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def put_in_place(new: Path, place: Path) -> None:
    """Let ``new`` stand at ``place`` instead of what is there; a kill leaves the old one, the new one, or none."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        os.rename(place, old)
    place.parent.mkdir(parents=True, exist_ok=True)
    os.rename(new, place)
    shutil.rmtree(old, ignore_errors=True)
