# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters whose etcd isn't the cluster's any more: each member is asked, and the machine of one that is silent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ..core.models import Cluster, Machine, masters_of
from ..core.observed import EtcdView
from ..kube import etcd_api
from ..render import nodenet, pki
from ..rules import etcd

if TYPE_CHECKING:
    from .session import Session

SETTLING_SECONDS = 1  # for a member that comes or goes to be known to all


def etcd_views(session: Session, cluster: Cluster, masters: Sequence[Machine]) -> dict[str, EtcdView]:
    """What each master's etcd says of the cluster that it is in; one that doesn't answer is missing."""
    names = ["etcd/ca.crt", "etcd/ca.key"]
    secrets = session.ledger.secrets(cluster.name, names)
    if set(names) - set(secrets):
        return {}
    ca, key = (secrets[name] for name in names)
    addresses = {master.name: master.address for master in masters}
    return etcd_api.views(session.folder(cluster.name), addresses, ca, *pki.client_cert(ca, key, "csk", [], days=1))


def strangers(
    session: Session, cluster: Cluster, masters: Sequence[Machine] | None = None
) -> tuple[dict[str, str], str | None]:
    """The masters whose etcd isn't the cluster's, each with why; where there are some, the address of one whose is.

    :param masters: those that run; all of the cluster's where it isn't given.
    """
    if masters is None:
        masters = masters_of(session.ledger.machines(cluster.name))
    # One that never finished joining is no member yet.
    members = [master for master in masters if master.status != "new"]
    views = etcd_views(session, cluster, members)
    found = etcd.strangers(views)
    if found:
        time.sleep(SETTLING_SECONDS)
        views = etcd_views(session, cluster, members)
        found = etcd.strangers(views)
    found |= lost(session, cluster, [master for master in members if master.name not in views])
    right = [master.address for master in members if master.name in views and master.name not in found]
    return found, right[0] if found and right else None


def lost(session: Session, cluster: Cluster, masters: Sequence[Machine]) -> dict[str, str]:
    """Those of the masters whose machines say that etcd's data are gone; one that can't be asked doesn't say it."""

    def is_lost(master: Machine) -> bool:
        console = session.fleet(cluster, [master]).console(master.name)
        answer = session.reach(console, nodenet.ETCD_LOST_SCRIPT)
        return answer.rc == 0 and nodenet.ETCD_LOST in answer.stdout

    with ThreadPoolExecutor(max(len(masters), 1)) as pool:
        found = zip(masters, pool.map(is_lost, masters), strict=True)
    return {master.name: etcd.LOST for master, says_it in found if says_it}
