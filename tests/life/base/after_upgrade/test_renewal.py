# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters get new certificates, one after another, while the cluster is written to."""

from __future__ import annotations

from support.certificates import serials
from support.cluster import TestCluster
from support.kube import Writer


def test_certificates_are_renewed(cluster: TestCluster) -> None:
    before = serials(cluster)
    planned = cluster.playbooks.run("renew", "--check", csk_name=cluster.name).good()
    assert planned.changed == {"localhost": 1}
    assert serials(cluster) == before
    with Writer(cluster.kube.client(), "renewal") as writer:
        cluster.playbooks.run("renew", csk_name=cluster.name).good()
    assert not serials(cluster) & before
    assert not writer.lost(cluster.kube.client())
