# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that must not go on when the run that started them was killed."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LIBC = ctypes.CDLL(None)


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends.

    Ansible's workers are sessions of their own, so a SIGKILL of ansible-playbook, or of its group, doesn't reach them.

    :param parent: the pid of the process that started this one. Process 1 may be it: ansible-playbook is that in a
        container which runs nothing else. Who adopts an orphan needn't be process 1.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the call
        os.kill(os.getpid(), signal.SIGKILL)
