# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that the ledger doesn't know, and that is to be deleted: the providers are asked whether there is one."""

from __future__ import annotations

import shutil
from typing import Any

from ..context.session import Session
from ..core.errors import CskError, Problem


def remove_unknown(session: Session, values: dict[str, Any], check: bool) -> list[str]:
    """Remove what the providers have of a cluster that isn't recorded, where its id is given; else nothing.

    :param values: csk_cluster's, with the providers that are asked; its ``confirm`` is then the cluster's id.
    :returns: what was removed, or would be, in sentences.
    :raises CskError: where the providers have something of it, and it isn't confirmed; and where there is no ledger
        that could know the cluster.
    """
    name = values["name"]
    names = [values["provider"], *(values["pool_providers"] or [])]
    fleet = session.planned_fleet(values, names)
    found = fleet.clusters().get(name)
    if found is None:
        session.say(  # or there is no ledger, which says so itself
            f"cluster {name}: nothing to delete; neither the ledger {session.ledger.where} nor the provider "
            f"{', '.join(dict.fromkeys(names))} knows it."
        )
        if not check:  # what a removal that was killed at its very end left
            _forget(session, name)
        return []
    machines = sorted(state.name for states in fleet.listed().values() for state in states)
    things = f"machines {', '.join(machines)}" if machines else "network"
    if not found or values["confirm"] != found:
        where = f"the ledger {session.ledger.where} doesn't know" if not session.no_ledger else "no ledger knows"
        rule = "a cluster is deleted by the ledger that knows it: it may be somebody's, and alive."
        fix = (
            f"use its own ledger (csk_home, csk_ledger_url), or record it again (csk.kubernetes.rebuild -e "
            f"csk_name={name}); if these {things} are to go with all their data, give csk_confirm={found}."
        )
        problems = [Problem("csk_name", f"{where} a cluster {name}, whose {things} are there.", rule, fix)]
        raise CskError([*problems, *(session.no_ledger.problems if session.no_ledger else [])])
    changes = [f"cluster {name}, which no ledger here knows: remove its {things}."]
    if check:
        return changes
    removed = session.planned_fleet(values, names, found).delete_all()
    if not session.no_ledger:
        _forget(session, name)
    return [f"removed {thing}." for thing in removed]


def _forget(session: Session, name: str) -> None:
    """Remove the folder of a cluster that isn't there."""
    session.lock(name)
    shutil.rmtree(session.folder(name), ignore_errors=True)
    session.unlock(name)
