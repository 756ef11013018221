# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that are made anew: the administrator's, and the masters', one master at a time."""

from __future__ import annotations

from functools import partial

from ...context.session import Session
from ...context.waiting import wait
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine, masters_of
from ...render import pki
from .health import master_faults
from .turns import others_well

RENEW_DAYS = 60  # before its end, of a year
MOMENT_SECONDS = 5  # for a member of etcd that is written to, to have what another one had


def renew_administrator(session: Session, cluster: Cluster) -> bool:
    """Make the administrator's certificate, or a new one when its end is near; whether it did."""
    have = session.ledger.secrets(cluster.name, ["ca.crt", "ca.key", "admin.crt"])
    if "admin.crt" in have and pki.days_left(have["admin.crt"]) > RENEW_DAYS:
        return False
    crt, key = pki.client_cert(have["ca.crt"], have["ca.key"], pki.ADMIN_USER, [pki.ADMIN_GROUP])
    session.ledger.put_secrets(cluster.name, {"admin.crt": crt, "admin.key": key})
    return True


def begin_renewal(session: Session, cluster: Cluster) -> tuple[list[Machine], list[str]]:
    """See that all masters are well before one of them gets new certificates.

    :returns: the masters in the order of their turns; what would be done, in sentences.

    :raises CskError: with what is wrong.
    """
    masters = masters_of(session.ledger.machines(cluster.name))
    # A run that was killed at one of them goes on there.
    masters.sort(key=lambda master: master.status != "upgrading")
    rule = "one master at a time gets new certificates, while the others are well."
    fix = "run the playbook csk.kubernetes.create first, which repairs them."
    running = session.fleet(cluster).running()
    problems = []
    for master in masters:
        if master.name not in running:
            found = ["its machine doesn't run"]
        elif master.status == "upgrading":
            continue
        else:
            found = wait(
                partial(master_faults, session, cluster, master, cluster.version, []), MOMENT_SECONDS, session.say
            )
        if found:
            problems.append(Problem(f"node {master.name}", f"isn't well: {'; '.join(found)}.", rule, fix))
    if problems:
        raise CskError(problems)
    return masters, [f"{master.name}: renew its certificates." for master in masters]


def take_turn(session: Session, cluster: Cluster, machine: Machine) -> None:
    """Record that a master gets new certificates now, once all others are well; a killed run begins with it again.

    :raises CskError: with what is wrong with the others.
    """
    others_well(session, cluster, machine)
    session.ledger.set_machine_status(cluster.name, [machine.name], "upgrading")
