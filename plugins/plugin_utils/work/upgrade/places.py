# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers whose places new machines take in an upgrade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...context.session import Session
from ...core.errors import CskError
from ...core.models import Cluster, NewMachine
from ..reconcile import machines
from ..removal import remove_workers
from .facts import drain_of


def surge(session: Session, cluster: Cluster, batch: Sequence[str]) -> tuple[dict[str, str], list[Any], list[str]]:
    """Make the machines that take the places of a batch of workers; those that a killed run made are taken up.

    :returns: worker -> the one that takes its place; the hosts that the roles have work on; what was done.
    """
    there = session.ledger.machines(cluster.name)
    taken = {machine.replaces for machine in there}
    new = [
        NewMachine("worker", m.pool, m.zone, m.origin, m.added_at, m.name, m.provider)
        for m in there
        if m.name in batch and m.name not in taken
    ]
    session.ledger.add_machines(cluster.name, new, session.quotas.nodes)
    heirs = [machine for machine in session.ledger.machines(cluster.name) if machine.replaces in batch]
    with session.step(cluster.name, f"new machines for {', '.join(batch)}"):
        hosts, done = machines(session, cluster, heirs, session.live(cluster, heirs))
    return {str(heir.replaces): heir.name for heir in heirs}, hosts, done


def retire(session: Session, cluster: Cluster, batch: Sequence[str], accept: Sequence[str]) -> list[str]:
    """Remove the workers of a batch, whose places others took; what was done, in sentences.

    :raises CskError: where one can't be emptied; it stays, and so do those after it.
    """
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    going = [machine for machine in session.ledger.machines(cluster.name) if machine.name in batch]
    if not going:
        return []
    how = drain_of(going[0], pools, accept)
    done, problems = remove_workers(session, cluster, going, how, session.live(cluster))
    if problems:
        raise CskError(problems, {"changes": done})
    return done
