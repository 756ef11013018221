# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a master's turn has come to be changed: one at a time, while the others carry the cluster."""

from __future__ import annotations

from functools import partial

from ...context.session import Session
from ...context.waiting import wait
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine, masters_of
from .health import etcd_faults, serving_faults

OTHERS_SECONDS = 30  # for the other masters to be well before one is changed
# While an upgrade is under way, create only replaces masters that are gone.
_START = "start its machine, or what of it doesn't run; where it is gone, run the playbook csk.kubernetes.create"


def others_well(session: Session, cluster: Cluster, machine: Machine) -> None:
    """See that all other masters serve, and that this one is of their cluster, before it is changed.

    :raises CskError: with what is wrong.
    """
    problems = []
    for other in masters_of(session.ledger.machines(cluster.name)):
        mine = other.name == machine.name
        faults = etcd_faults if mine else serving_faults
        found = wait(partial(faults, session, cluster, other), 0 if mine else OTHERS_SECONDS, session.say)
        if found:
            what, rule = f"isn't well: {'; '.join(found)}.", "masters are changed one at a time; never two are unready."
            create = "run the playbook csk.kubernetes.create, which repairs it"
            fix = f"{_START if cluster.upgrade_to else create}; then run this playbook again."
            problems.append(Problem(f"node {other.name}", what, rule, fix))
    if problems:
        raise CskError(problems)
