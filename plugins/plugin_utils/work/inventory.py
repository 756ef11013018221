# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines of the ledger as hosts of an inventory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.errors import CskError
from ..core.models import Machine
from ..ledger import Ledger
from ..providers import registry
from ..providers.base import Provider


def hosts_of(home: str, url: str | None, cluster: str | None) -> list[dict[str, Any]]:
    """Each machine's variables, as JSON values.

    :param url: of a PostgreSQL database; None: the ledger is in ``home``.
    :param cluster: only this one's; None: all.
    :raises CskError: where the ledger can't be read.
    """
    if not url and not (Path(home).expanduser() / "ledger.db").exists():
        return []
    ledger = Ledger.open(home, url)
    clusters = {known.name: known.spec for known in ledger.clusters()}
    providers: dict[tuple[str, str], Provider] = {}

    def provider(machine: Machine) -> Provider:
        key = (machine.cluster, machine.provider)
        if key not in providers:
            releases = Path(home).expanduser() / "artifacts" / "releases"
            providers[key] = registry.make(machine.provider, clusters[machine.cluster], releases)
        return providers[key]

    def console(machine: Machine) -> dict[str, Any]:
        """The way into a machine; why there is none, where its provider can't be had."""
        try:
            return provider(machine).console(machine.cluster, machine.name)
        except CskError as error:
            return {"csk_problem": str(error)}

    return [
        {
            **console(machine),
            "csk_cluster_name": machine.cluster,
            "csk_node": machine.name,
            "csk_role": machine.role,
            "csk_pool": machine.pool or "",
            "csk_zone": machine.zone,
            "csk_address": machine.address,
            "csk_origin": machine.origin,
            "csk_status": machine.status,
            "csk_tags": clusters[machine.cluster].get("tags", {}),
        }
        for machine in ledger.machines(cluster)
    ]
