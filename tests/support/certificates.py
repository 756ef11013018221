# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells whether the masters' certificates are other ones than before."""

from __future__ import annotations

import ssl

from .cluster import TestCluster
from .machines import MASTERS

CERTIFICATES = ("apiserver", "apiserver-kubelet-client", "apiserver-etcd-client", "front-proxy-client", "etcd/server")


def serials(cluster: TestCluster) -> set[str]:
    """The serial numbers of the masters' certificates, and of the one that each API server shows."""
    found = set()
    for node in MASTERS:
        files = " ".join(f"/etc/kubernetes/pki/{name}.crt" for name in CERTIFICATES)
        found |= set(cluster.machines(node, "sh", "-c", f"sha256sum {files}").split()[::2])
        found.add(cluster.machines(node, "sh", "-c", "cat /etc/kubernetes/scheduler.conf | sha256sum"))
        found.add(shown(cluster, node))
    return found


def shown(cluster: TestCluster, node: str) -> str:
    """The certificate that a master's API server shows."""
    return ssl.get_server_certificate((cluster.machines.address(node), 6443), timeout=10)
