# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csk asks members of etcd, by their gRPC gateway: an API server that is ready doesn't say of which cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..core.observed import EtcdView

PORT = 2379
SECONDS = 2  # for a member to answer


def views(home: Path, addresses: Mapping[str, str], ca: bytes, certificate: bytes, key: bytes) -> dict[str, EtcdView]:
    """What each member says of its cluster; one that doesn't answer is missing.

    :param home: where the credentials' files may be for a moment; only the user can read them.
    :param addresses: the masters' names with their addresses.
    :param ca: etcd's, with a client's certificate and key, as PEM.
    """
    import ssl

    import urllib3

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    context = ssl.create_default_context(cadata=ca.decode())
    with TemporaryDirectory(dir=home, prefix=".etcd-") as folder:
        path = Path(folder) / "client.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate + key)
        context.load_cert_chain(path)
    with urllib3.PoolManager(ssl_context=context, retries=False, timeout=SECONDS) as pool:

        def ask(address: str) -> EtcdView | None:
            # With a majority's word the lists of all members are of one moment; without one, each says what it has.
            for linearizable in (True, False):
                url = f"https://{address}:{PORT}/v3/cluster/member/list"
                try:
                    answer = pool.request("POST", url, body=json.dumps({"linearizable": linearizable}))
                except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.SSLError):
                    return None
                except urllib3.exceptions.HTTPError:
                    continue
                if answer.status == HTTPStatus.OK:
                    return view(json.loads(answer.data))
            return None

        with ThreadPoolExecutor(max(len(addresses), 1)) as threads:
            found = list(threads.map(ask, addresses.values()))
    return {name: it for name, it in zip(addresses, found, strict=True) if it}


def view(answer: Mapping[str, Any]) -> EtcdView:
    """A member's answer to a request for the list of members."""
    header = answer["header"]
    members = frozenset(str(member["ID"]) for member in answer.get("members") or [])
    return EtcdView(f"{int(header['cluster_id']):x}", str(header["member_id"]), members)
