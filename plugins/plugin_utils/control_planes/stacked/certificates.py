# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a cluster's certificates end and what they are for: the ledger's, and those that the API servers show."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Network

from ...core.models import Cluster, Machine
from ...core.names import PORT
from ...ledger import Ledger
from ...render import pki
from ...rules.versions import WARN_DAYS

SECONDS = 2  # for a master to answer
_OWN_NAME = re.compile(r"kubernetes(\.default(\.svc(\..+)?)?)?")  # of the API's own service
# The ledger's certificates, and what people call them.
_KEPT = {
    "ca.crt": "CA",
    "etcd/ca.crt": "etcd's CA",
    "front-proxy-ca.crt": "front proxy's CA",
    "admin.crt": "administrator",
}


@dataclass(frozen=True)
class Shown:
    """The certificate that an API server shows.

    :param names: DNS names and addresses that it is for.
    """

    ends: date
    names: frozenset[str]


def shown(masters: Sequence[Machine]) -> dict[str, Shown]:
    """What each master's API server shows, by the master's name; one that doesn't answer is missing."""
    with ThreadPoolExecutor(max(len(masters), 1)) as pool:
        found = list(pool.map(lambda master: _asked(master.address), masters))
    return {master.name: it for master, it in zip(masters, found, strict=True) if it}


def ends(ledger: Ledger, cluster: Cluster, found: Mapping[str, Shown]) -> dict[str, date]:
    """The last day of each certificate, the soonest first.

    kubeadm makes all certificates of a master together, so its API server's stands for the others of that master.
    """
    kept = ledger.secrets(cluster.name, list(_KEPT))
    days = {title: pki.ends_at(kept[name]).date() for name, title in _KEPT.items() if name in kept}
    days |= {f"API server of {name}": it.ends for name, it in found.items()}
    return dict(sorted(days.items(), key=lambda item: item[1]))


def soon(found: dict[str, date], today: date) -> list[str]:
    """Sentences about the certificates that end within 60 days, or have ended."""
    return [
        f"certificate {title}: {'ends' if day >= today else 'ended'} on {day}."
        for title, day in found.items()
        if day <= today + timedelta(days=WARN_DAYS)
    ]


def outdated(
    cluster: Cluster, masters: Sequence[Machine], found: Mapping[str, Shown], sans: Sequence[str]
) -> list[Machine]:
    """The masters whose API server shows a certificate with other additional names than it should have.

    :param sans: the cluster's ``endpoint_sans``.
    """
    wanted = frozenset(str(san).lower() for san in sans)
    return [
        m for m in masters if m.name in found and _extra(cluster, m, found[m.name].names) != _extra(cluster, m, wanted)
    ]


def _extra(cluster: Cluster, master: Machine, names: frozenset[str]) -> set[str]:
    """What is beyond the names that kubeadm and csk always put into a certificate."""
    service = str(IPv4Network(cluster.spec["service_cidr"])[1])
    always = {master.name, master.address, cluster.endpoint, service, "localhost", "127.0.0.1"}
    return {name for name in names if name not in always and not _OWN_NAME.fullmatch(name)}


def _asked(address: str) -> Shown | None:
    """The certificate that a server shows; None where it doesn't answer. Nothing is trusted by it."""
    from cryptography import x509

    try:
        pem = ssl.get_server_certificate((address, PORT), timeout=SECONDS)
    except OSError:
        return None
    certificate = x509.load_pem_x509_certificate(pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    dns = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    addresses = [str(one) for one in names.get_values_for_type(x509.IPAddress)]
    return Shown(certificate.not_valid_after_utc.date(), frozenset([*dns, *addresses]))
