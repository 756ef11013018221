# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node has of its release, file by file, beside what a machine made anew has of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from .cluster import TestCluster

# All that csk installs whole; of other folders what its roles have files for.
_WHOLE = "/usr/local/bin /opt/cni/bin"
_MORE = "/etc/containerd/config.toml /etc/kubernetes/kubelet.conf.d/10-machine.conf /etc/csk/node-release"
# A unit of an earlier release said something else, a plugin was another one, a setting wasn't there.
_OLDER = """
echo '# older' >> /etc/systemd/system/csk-network.service
echo older >> /opt/cni/bin/tuning
echo '# older' >> /etc/containerd/config.toml
rm /etc/sysctl.d/90-csk.conf /etc/crictl.yaml
"""
# What people add, each in the place that is theirs.
OWN = {
    "/etc/containerd/conf.d/own.toml": "version = 3\n",
    "/etc/kubernetes/kubelet.conf.d/90-own.conf": (
        "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxOpenFiles: 999999\n"
    ),
}


def _of_roles() -> str:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils import core

    roles = [Path(core.__file__).parents[3] / "roles" / name / "files" / "root" for name in ("node", "node_image")]
    return " ".join(f"/{path.relative_to(root)}" for root in roles for path in root.rglob("*") if path.is_file())


def _script() -> str:
    """Prints digest, owner, mode and name of every file, and which units are enabled."""
    return (
        f"for file in $(find {_WHOLE} -type f) {_of_roles()} {_MORE}; do "
        "echo $file $(sha256sum < $file) $(stat -c '%u:%g %a' $file); done 2>&1; "
        "cd /etc/systemd/system; ls multi-user.target.wants/csk-* multi-user.target.wants/kubelet.service"
    )


def on_node(cluster: TestCluster, node: str) -> set[str]:
    """What a node has."""
    return set(cluster.machines(node, "sh", "-c", _script()).splitlines())


@cache
def in_image(release: str) -> frozenset[str]:
    """What a machine has that was made of a release's image a moment ago."""
    import docker
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.store import IMAGE

    output = docker.from_env().containers.run(
        f"{IMAGE}:{release}", ["-c", _script()], entrypoint="sh", network_mode="none", remove=True
    )
    return frozenset(output.decode().splitlines())


def make_older(cluster: TestCluster, node: str) -> None:
    """Let a node have files that no release of today has."""
    cluster.machines(node, "sh", "-ec", _OLDER)


def add_own(cluster: TestCluster, node: str) -> None:
    """Add what a person might."""
    for path, text in OWN.items():
        cluster.machines(node, "sh", "-ec", f"printf '{text}' > {path}")


def own(cluster: TestCluster, node: str) -> dict[str, str]:
    """What is there of it."""
    return {path: cluster.machines(node, "cat", path) for path in OWN}


def pinned(cluster: TestCluster, node: str) -> set[str]:
    """The names of the images that a node's kubelet never removes."""
    listed = cluster.machines(
        node, "ctr", "--namespace", "k8s.io", "images", "list", "--quiet", 'labels."io.cri-containerd.pinned"==pinned'
    )
    return set(listed.split())
