# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a cluster's certificates end: those of the ledger, and those that the masters' API servers show."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from . import pki
from .kubeadm import PORT
from .ledger import Ledger
from .models import Cluster, Machine

WARN_DAYS = 60  # ahead of an end
SECONDS = 2  # for a master to answer
# The ledger's certificates, and what people call them.
_KEPT = {
    "ca.crt": "CA",
    "etcd/ca.crt": "etcd's CA",
    "front-proxy-ca.crt": "front proxy's CA",
    "admin.crt": "administrator",
}


def ends(ledger: Ledger, cluster: Cluster, masters: Sequence[Machine]) -> dict[str, date]:
    """The last day of each certificate, the soonest first.

    kubeadm makes all certificates of a master together, so its API server's stands for the others of that master.
    """
    kept = ledger.secrets(cluster.name, list(_KEPT))
    found = {title: pki.ends_at(kept[name]).date() for name, title in _KEPT.items() if name in kept}
    with ThreadPoolExecutor(max(len(masters), 1)) as pool:
        shown = pool.map(lambda master: _shown(master.address), masters)
        found |= {f"API server of {m.name}": day for m, day in zip(masters, shown, strict=True) if day}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def soon(found: dict[str, date], today: date) -> list[str]:
    """Sentences about the certificates that end within 60 days, or have ended."""
    return [
        f"certificate {title}: {'ends' if day >= today else 'ended'} on {day}."
        for title, day in found.items()
        if day <= today + timedelta(days=WARN_DAYS)
    ]


def _shown(address: str) -> date | None:
    """The end of the certificate that a server shows; None where it doesn't answer. Nothing is trusted by it."""
    try:
        pem = ssl.get_server_certificate((address, PORT), timeout=SECONDS)
    except OSError:
        return None
    return pki.ends_at(pem.encode()).date()
