# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that somebody joins by kubeadm's own commands, on a machine that csk's ledger doesn't know."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .cluster import TestCluster
from .kube import until

NAME = "hand-1"


@contextmanager
def machine(cluster: TestCluster) -> Iterator[str]:
    """A machine on the cluster's network, made of the cluster's release."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineSpec
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider

    record = cluster.record
    address = str(ipaddress.ip_network(record.vpc_cidr)[200])
    provider: Any = ContainerProvider(cluster.playbooks.home / "artifacts" / "releases")
    dns = {"CSK_DNS": " ".join(provider.nameservers())}
    provider.create(record.name, record.id, [MachineSpec(NAME, address, record.version, env=dns)])
    try:
        template = cluster.machines("master-1", "cat", "/etc/csk/cni.conflist.tmpl")
        cluster.machines(NAME, "sh", "-c", f"printf %s {shlex.quote(template)} > /etc/csk/cni.conflist.tmpl")
        yield NAME
    finally:
        provider.delete(record.name, [NAME], record.id)


@contextmanager
def joined(cluster: TestCluster, *arguments: str) -> Iterator[str]:
    """A node that joined by the command that kubeadm prints; with its end it leaves the cluster.

    :param arguments: more of kubeadm join.
    """
    run, kube = cluster.machines, cluster.kube
    with machine(cluster) as name:
        printed = run("master-1", "kubeadm", "token", "create", "--ttl=10m", "--print-join-command")
        join = next(line for line in printed.splitlines() if line.startswith("kubeadm join"))
        try:
            run(name, *shlex.split(join), *arguments, "--ignore-preflight-errors=SystemVerification,Swap")
            until(lambda: name in kube.ready(), 90)
            yield name
        finally:
            run(name, "kubeadm", "reset", "--force", check=False)
            kube("delete", "node", name, "--ignore-not-found")
            for secret in kube("get", "secrets", "-n", "kube-system", "-o", "name").split():
                if "bootstrap-token-" in secret:
                    kube("delete", "-n", "kube-system", secret)
