# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a lock: one process of ansible-playbook, recognised again even if its pid is used a second time."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_NAMESPACE = uuid.UUID("6a1c3a5e-5a0b-4c3e-9d0e-63736b000001")


@dataclass(frozen=True)
class Run:
    """One run of a playbook.

    :param boot_id: the boot of the host and the pid namespace, in which ``pid`` means something.
    :param started: when the process started, in clock ticks since boot (proc(5), stat, field 22).
    """

    host: str
    boot_id: str
    pid: int
    started: int

    @property
    def id(self) -> str:
        """A UUID made of the rest, so that all workers of one ansible-playbook have the same."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.host} {self.boot_id} {self.pid} {self.started}"))

    @classmethod
    def current(cls) -> Run:
        """Return the run that this process belongs to.

        An action plugin runs in a fork of ansible-playbook. A fork keeps the command line, whatever was started by
        another way (a playbook started by a playbook or by a test) has a process with another one between.
        """
        pid = os.getpid()
        command = _command(pid)
        while command and _command(parent := _parent(pid)) == command:
            pid = parent
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.stat(_PROC / "self/ns/pid").st_ino
        return cls(socket.gethostname(), f"{boot}/{namespace}", pid, _started(pid) or 0)

    def is_here(self, other: Run) -> bool:
        """Return whether ``other`` is of this host, boot and pid namespace, so that its process can be looked at."""
        return (self.host, self.boot_id) == (other.host, other.boot_id)

    def is_gone(self) -> bool:
        """Return whether the process has ended; only for a run that is here."""
        started = _started(self.pid)
        if started is not None:
            return started != self.started
        try:
            os.kill(self.pid, 0)  # signal 0 only asks; /proc may hide other users' processes
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _started(self.pid) != self.started


def _stat(pid: int) -> list[str]:
    """Return the fields from the third (state) on; the second, the command's name, may hold blanks and brackets."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _started(pid: int) -> int | None:
    try:
        fields = _stat(pid)
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _command(pid: int) -> bytes:
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return b""
