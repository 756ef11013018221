# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of an upgrade: of the masters' part, and of all of it."""

from __future__ import annotations

from ...context.session import Session
from ...context.waiting import wait
from ...core.errors import CskError, Problem
from ...core.models import Cluster
from ...rules.health import node_faults
from ..lifecycle import write_record
from ..tokens import end_token
from .nodes import AGAIN


def masters_done(session: Session, cluster: Cluster, target: str) -> list[str]:
    """Record that the control plane has the target; what is made from now on has it too."""
    if cluster.version == target:
        return []
    session.ledger.set_version(cluster.name, target)
    return [f"cluster {cluster.name}: has {target}."]


def finish(session: Session, cluster: Cluster, timeout: int) -> list[str]:
    """Wait until nodes and add-ons are well, write the cluster's record, and end the upgrade.

    :raises CskError: with what is missing after the time.
    """
    machines = session.ledger.machines(cluster.name)
    names = [machine.name for machine in machines]
    left_out = [machine.name for machine in machines if machine.version != cluster.version]
    with session.api(cluster, timeout=15) as api:

        def faults() -> list[str]:
            observed = api.observe()
            staying = [m for m in machines if m.name not in left_out]
            found = [fault for m in staying for fault in node_faults(observed, m, m.version)]
            if not left_out:  # a DaemonSet can't be complete without them
                found += [f"{name} isn't available" for name, there in observed.addons.items() if not there]
            return found

        left = wait(faults, timeout, session.say)
        if left:
            what = f"isn't well after {timeout} s: {'; '.join(left)}."
            raise CskError(Problem(f"cluster {cluster.name}", what, "all nodes and add-ons are well.", AGAIN))
        end_token(session, cluster, api)
        changes = write_record(session, session.cluster(cluster.name), api)
    session.fleet(cluster).deliver(names, None)
    session.ledger.set_upgrade(cluster.name, None)
    session.unlock(cluster.name)
    return [*changes, *(f"{name}: left out; it has another version." for name in left_out)]
