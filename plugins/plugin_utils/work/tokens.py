# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bootstrap token by which machines join."""

from __future__ import annotations

from ..context.session import Session
from ..core.models import Cluster
from ..kube.cluster_api import ClusterApi
from ..render import pki

TOKEN_SECONDS = 3600


def give_token(session: Session, cluster: Cluster, reachable: bool) -> None:
    """A bootstrap token for the machines that join; kubeadm creates the first one, later ones go in by the API."""
    token = session.ledger.secret(cluster.name, "token")
    if token is None:
        token = pki.bootstrap_token().encode()
        session.ledger.put_secret(cluster.name, "token", token)
    if reachable:
        with session.api(cluster) as api:
            api.put_token(token.decode(), TOKEN_SECONDS)


def end_token(session: Session, cluster: Cluster, api: ClusterApi) -> None:
    """Take back the bootstrap token after the last join."""
    token = session.ledger.secret(cluster.name, "token")
    if token:
        api.delete_token(token.decode())
        session.ledger.delete_secret(cluster.name, "token")
