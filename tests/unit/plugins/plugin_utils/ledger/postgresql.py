# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server for the tests, on a socket only, that ends with the process that started it."""

from __future__ import annotations

import ctypes
import getpass
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2)


def start(at_end: Callable[[Callable[[], None]], None]) -> str | None:
    """Return the URL of the database postgres of a new server, or None where its programs are not there.

    :param at_end: takes what is to be done when the tests have ended.
    """
    programs = _programs()
    if programs is None or importlib.util.find_spec("psycopg") is None:
        return None
    # The server refuses to run as root, and its socket's path must be short.
    user = "postgres" if os.getuid() == 0 else getpass.getuser()
    folder = Path(tempfile.mkdtemp(prefix="csk-pg.", dir="/tmp"))
    os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    account = {"user": user} if os.getuid() == 0 else {}
    data = folder / "data"
    command = [programs / "initdb", "-D", data, "-U", "csk", "--auth=trust", "--no-sync"]
    subprocess.run(command, **account, cwd="/", check=True, stdout=subprocess.DEVNULL)
    settings = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=100"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *settings],
            **account,
            cwd="/",
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the tests have one thread
        )

    def stop() -> None:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)
        shutil.rmtree(folder)

    at_end(stop)
    deadline = time.monotonic() + 60
    while subprocess.run([programs / "pg_isready", "-q", "-h", folder], check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "log").read_text())
        time.sleep(0.1)
    return f"postgresql+psycopg://csk@/postgres?host={folder}"


def _programs() -> Path | None:
    """Return the newest server's folder of programs; Debian keeps it out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    path = found[-1] if found else shutil.which("initdb")
    return Path(path).parent if path else None


def _end_with_parent() -> None:
    """Let the kernel end the server at once (SIGQUIT) if its parent is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
