# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that csk and Kubernetes give things: the API's port, labels, taints, annotations, add-ons."""

from __future__ import annotations

PORT = 6443  # of every API server, and of the endpoint
SYSTEM = "kube-system"
# What is told of a Ready Node: commands, logs and metrics need that port, evictions don't.
UNREACHED = "the API server doesn't reach its kubelet (port 10250)"
NODEPOOL_LABEL = "csk.dev/nodepool"
ORIGIN_LABEL = "csk.dev/origin"
ADDED_LABEL = "csk.dev/added-at"
ADDED_FORMAT = "%Y%m%dT%H%M%SZ"
ZONE_LABEL = "topology.kubernetes.io/zone"
MASTER_LABEL = "node-role.kubernetes.io/control-plane"
MASTER_TAINT = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
# What csk notes at a provider's machines.
MACHINE_ROLE = "csk.dev/role"
MACHINE_POOL = "csk.dev/pool"
MACHINE_ZONE = "csk.dev/zone"
# Annotations that say why csk made a Node unschedulable: it takes back only what it did itself.
CORDONED_BY_CSK = "csk.dev/cordoned"  # to empty it
UNSCHEDULABLE_BY_POOL = "csk.dev/unschedulable"  # its pool wants it so
# What Kubernetes understands as: this machine is off, so what used it may be forced off (KEP-2268).
OUT_OF_SERVICE = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
# add-on -> the workload that runs it: (namespace, kind, name)
ADDONS = {
    "coredns": (SYSTEM, "Deployment", "coredns"),
    "kube-proxy": (SYSTEM, "DaemonSet", "kube-proxy"),
    "flannel": ("kube-flannel", "DaemonSet", "kube-flannel-ds"),
}
