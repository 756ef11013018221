# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machines of the ledger as hosts of an inventory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..core.errors import CskError
from ..core.models import Machine
from ..ledger import Ledger
from ..providers import registry
from ..providers.base import Provider
from ..rules.places import elsewhere_problem


def hosts_of(home: str, url: str | None, cluster: str | None) -> list[dict[str, Any]]:
    """Each machine's variables, as JSON values.

    :param url: of a PostgreSQL database; None: the ledger is in ``home``.
    :param cluster: only this one's; None: all.
    :raises CskError: where there is no ledger, or it can't be read.
    """
    ledger = Ledger.open(home, url)
    clusters = {known.name: known for known in ledger.clusters()}
    providers: dict[str, Provider] = {}
    places: dict[str, str] = {}

    def provider(machine: Machine) -> Provider:
        spec = clusters[machine.cluster].spec
        key = json.dumps([machine.provider, spec.get(registry.key_of(machine.provider))], sort_keys=True)
        if key not in providers:
            providers[key] = registry.make(machine.provider, spec, Path(home).expanduser() / "artifacts" / "releases")
        return providers[key]

    def place(machine: Machine) -> str:
        """Where its provider is now; empty where nobody answers, who couldn't be asked for another cluster either."""
        if machine.provider not in places:
            try:
                places[machine.provider] = provider(machine).place()
            except CskError:
                places[machine.provider] = ""
        return places[machine.provider]

    def console(machine: Machine) -> dict[str, Any]:
        """The way into a machine; why there is none, where its provider can't be had or has its machines elsewhere."""
        try:
            way = provider(machine).console(machine.cluster, machine.name)
        except CskError as error:
            return {"csk_problem": str(error)}
        recorded = clusters[machine.cluster].places.get(machine.provider, "")
        problem = (
            recorded
            and place(machine)
            and elsewhere_problem(machine.cluster, machine.provider, recorded, place(machine))
        )
        return {"csk_problem": str(problem)} if problem else way

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
            "csk_tags": clusters[machine.cluster].spec.get("tags", {}),
        }
        for machine in ledger.machines(cluster)
    ]
