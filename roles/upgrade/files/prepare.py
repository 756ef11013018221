# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""prepare.py ARTIFACTS ROLE MARK: a release's images into containerd, pinned; refuses a node that can't have it.

MARK says which node the host is to be. A worker gets the images that it may run. This runs on the node, with nothing
but Python's standard library, and changes nothing that runs there.
"""

from __future__ import annotations

import fcntl
import json
import re
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path

FLAGS = (("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS"), ("/etc/default/kubelet", "KUBELET_EXTRA_ARGS"))
CTR = ["/usr/local/bin/ctr", "--namespace", "k8s.io"]
PACKAGES = Path("/var/cache/csk/release/packages")  # csk_node_files put it there
PINNED = "io.cri-containerd.pinned=pinned"
MARK = Path("/etc/csk/node")
OF_MASTERS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def output(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def configs() -> dict[str, str]:
    """Image name -> digest of its configuration, of the images that the node has."""
    images = json.loads(output("/usr/local/bin/crictl", "images", "--output", "json"))["images"]
    return {tag: image["id"].removeprefix("sha256:") for image in images for tag in image["repoTags"]}


def bring(archive: Path, there: dict[str, str]) -> None:
    """Import an archive that holds an image which the node hasn't, and pin its images."""
    with tarfile.open(archive) as opened:
        entries = json.load(opened.extractfile("manifest.json"))
    wanted = {tag: re.sub(r".*/|\.json$", "", entry["Config"]) for entry in entries for tag in entry["RepoTags"]}
    if any(there.get(tag) != config for tag, config in wanted.items()):
        # The transfer service, without --local, takes 1.3 to 1.8 times as long for what lies on the same disk.
        output(*CTR, "images", "import", "--local", "--snapshotter", "overlayfs", str(archive))
        print(f"imported {', '.join(wanted)}")
    for name in wanted:
        output(*CTR, "images", "label", name, PINNED)


def unknown_flags(kubelet: Path) -> list[str]:
    """The flags that the node gives its kubelet and that another kubelet doesn't know."""
    known = set(re.findall(r"--([a-z0-9-]+)", output(str(kubelet), "--help")))
    given = []
    for path, variable in FLAGS:
        if Path(path).is_file():
            for line in Path(path).read_text().splitlines():
                name, _mark, value = line.partition("=")
                if name.strip() == variable:
                    given += [word for part in shlex.split(value) for word in part.split() if word.startswith("--")]
    return [word for word in given if word[2:].split("=")[0] not in known]


def missing_packages() -> list[str]:
    """The distribution's packages that a node of the release has and this one hasn't."""
    listed = output("dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package}\n").splitlines()
    return [name for name in PACKAGES.read_text().split() if f"installed {name}" not in listed]


def main() -> int:
    """Prepare the node; 1 where it is another one, has a flag that the new kubelet refuses, or lacks a package."""
    artifacts, role, mark = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    found = MARK.read_text().strip() if MARK.exists() else ""
    if mark and found and found != mark:
        print(f"this host is {found}, not {mark}", file=sys.stderr)
        return 1
    with open("/run/lock/csk-prepare", "w") as lock:  # a killed run's may still be at work
        fcntl.flock(lock, fcntl.LOCK_EX)
        flags = unknown_flags(artifacts / "bin" / "kubelet")
        if flags:
            print(f"the target's kubelet doesn't know {' '.join(flags)}; take them out of", file=sys.stderr)
            print(" or ".join(path for path, _variable in FLAGS), file=sys.stderr)
            return 1
        packages = missing_packages()
        if packages:
            print(f"packages of the target's nodes are missing: apt-get install {' '.join(packages)}", file=sys.stderr)
            return 1
        there = configs()
        for archive in sorted((artifacts / "images").glob("*.tar")):
            if role == "master" or archive.stem not in OF_MASTERS:
                bring(archive, there)
    return 0


if __name__ == "__main__":
    sys.exit(main())
