# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folders go with a container, by its mounts."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.lasting import why_lost


def mounts(*lines: str) -> str:
    """Mountinfo: each line is a root, a mount point and a file system's type."""
    return "".join(
        f"{number} 1 0:{number} {root} {point} rw shared:1 - {kind} source rw\n"
        for number, (root, point, kind) in enumerate(line.split() for line in lines)
    )


CONTAINER = "/ / overlay"
DISK = "/ / ext4"
CASES = {
    "a machine": (mounts(DISK), "/root/.csk", False, ""),
    "a machine made of an image that has a mark": (mounts(DISK, "/ /dev/shm tmpfs"), "/root/.csk", True, ""),
    "a subvolume is a machine's root": (mounts("/@ / btrfs"), "/root/.csk", False, ""),
    "memory of a machine is its user's matter": (mounts(DISK, "/ /tmp tmpfs"), "/tmp/home", False, ""),
    "a container": (mounts(CONTAINER), "/root/.csk", True, "file system of this container"),
    "a container without a mark": (mounts(CONTAINER), "/root/.csk", False, "file system of this container"),
    "btrfs": (mounts("/var/lib/docker/btrfs/subvolumes/x / btrfs"), "/h", True, "file system of this container"),
    "vfs": (mounts("/var/lib/docker/vfs/dir/x / ext4"), "/h", True, "file system of this container"),
    "zfs": (mounts("/ / zfs"), "/h", True, "file system of this container"),
    "a machine on zfs": (mounts("/ / zfs"), "/h", False, ""),
    "a light virtual machine": (mounts("/ / virtiofs"), "/h", True, "file system of this container"),
    "a volume": (mounts(CONTAINER, "/var/lib/docker/volumes/v/_data /data ext4"), "/data/csk", True, ""),
    "beside a volume": (mounts(CONTAINER, "/v/_data /data ext4"), "/database", True, "file system of this container"),
    "a folder of the host": (mounts(CONTAINER, "/home/me /home/me ext4"), "/home/me/.csk", True, ""),
    "a job's folder on AWX's host": (mounts(CONTAINER, "/tmp/awx_7_x1 /d ext4"), "/d/csk", True, "folder of this job"),
    "ansible-runner's": (mounts(CONTAINER, "/awx_7_x /runner xfs"), "/runner/.csk", True, "folder of this job"),
    "a volume in it": (mounts(CONTAINER, "/awx_7_x /runner xfs", "/v /runner/csk xfs"), "/runner/csk", True, ""),
    "memory": (mounts(CONTAINER, "/ /data tmpfs"), "/data/csk", True, "lies in memory"),
    "an emptyDir": (
        mounts(CONTAINER, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/home /home ext4"),
        "/home/.csk", False, "volume of a pod",
    ),
    "a claim": (mounts(CONTAINER, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/p/mount /d ext4"), "/d", True, ""),
    "what hides a volume": (mounts(CONTAINER, "/v /data ext4", "/ /data tmpfs"), "/data", True, "lies in memory"),
    "a name with a space": (mounts(CONTAINER, r"/v /my\040data ext4"), "/my data/csk", True, ""),
    "a read-only system with a lasting /var": (mounts(CONTAINER, "/var /var xfs"), "/var/home/me/.csk", False, ""),
    "nothing to read": ("", "/h", True, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_folder(case):
    text, folder, marked, why = CASES[case]
    found = why_lost(folder, text, marked)
    assert (why in found) if why else found == "", found
