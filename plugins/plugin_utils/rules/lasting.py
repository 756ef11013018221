# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is written into a folder is still there when the container is gone that csk may run in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

# Of a root file system: the writable layer of a container, or of a system that keeps nothing.
_LAYERED = ("overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs")
# Of a container's root file system, where something else says that it is a container.
_SHARED = ("zfs", "virtiofs", "9p")
_MEMORY = ("tmpfs", "ramfs", "rootfs")
# A job's own folder: where ansible-runner has it, and how AWX calls it on its host.
_RUNNER = "/runner"
_JOB = re.compile(r"(^|/)awx_\d+_")
_EMPTY_DIR = "/kubernetes.io~empty-dir/"


@dataclass(frozen=True)
class _Mount:
    """A line of mountinfo (proc(5)): which folder of which kind of file system is seen where."""

    root: str
    point: str
    kind: str


def why_lost(folder: str, mountinfo: str, marked: bool) -> str:
    """Why a folder goes with the container, as the end of a sentence that begins with the folder; empty: it stays.

    A root file system that is a whole disk's stays, whatever marks are in it: virtual machines are made of images too.

    :param folder: absolute, without symbolic links; it need not be there.
    :param mountinfo: the text of /proc/self/mountinfo.
    :param marked: whether a container's engine left its mark, which every image that was made in one may hold too.
    """
    mounts = [_mount(line) for line in mountinfo.splitlines() if " - " in line]
    system = next((mount for mount in reversed(mounts) if mount.point == "/"), None)
    if system is None:
        return ""
    layered = system.kind in _LAYERED + _MEMORY
    if not layered and not (marked and (system.root != "/" or system.kind in _SHARED)):
        return ""
    path = PurePosixPath(folder)
    # The longest one that holds it; of those at one place the last one is seen.
    held = [mount for mount in mounts if path.is_relative_to(mount.point)]
    mount = max(reversed(held), key=lambda one: len(one.point))
    return _loss(mount)


def _loss(mount: _Mount) -> str:
    """Why what a container sees at a mount goes with it."""
    if mount.point == "/":
        return "lies in the file system of this container, and goes with it"
    if mount.kind in _MEMORY:
        return f"lies in memory ({mount.kind} at {mount.point}), and goes with this container"
    if _EMPTY_DIR in mount.root:
        return f"lies on the volume of a pod (emptyDir at {mount.point}), and goes with it"
    if mount.point == _RUNNER or _JOB.search(mount.root):
        return f"lies in the folder of this job ({mount.point}), and goes with it"
    return ""


def _mount(line: str) -> _Mount:
    before, _dash, after = line.partition(" - ")
    root, point = (_unescaped(field) for field in before.split(" ")[3:5])
    return _Mount(root, point, after.split(" ")[0])


def _unescaped(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
