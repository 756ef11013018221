# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines as the playbooks get them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..context import loaded
from ..context.session import Session
from ..core.models import Cluster, Machine
from . import argspec
from .host_files import mark

_NEW = ("bootstrap", "join")  # the steps of a machine that has nothing yet


def host(
    session: Session,
    cluster: Cluster,
    machine: Machine,
    masters: Sequence[Machine],
    step: str,
    mtu: int | None = None,
) -> dict[str, Any]:
    """One machine as the playbooks give it to csk_host: its name in the run, what it needs, and the way in.

    :param mtu: of the machines' network, in bytes, where it is known already.
    """
    return {
        "name": f"{cluster.name}.{machine.name}",
        "step": step,
        "role": machine.role,
        "variables": session.fleet(cluster, [machine]).console(machine.name)
        | {
            "csk_node": machine.name,
            "csk_role": machine.role,
            "csk_first": bool(masters) and machine.name == masters[0].name,
            "csk_step": step,
            "csk_mtu": mtu,
            # What was loaded onto nodes before, for a machine that is new.
            "csk_images": loaded.of_machine(session.folder(cluster.name), machine) if step in _NEW else [],
            "csk_mark": mark(cluster.name, cluster.id, machine.name).strip(),
        },
    }


def added(arguments: dict[str, Any]) -> dict[str, Any]:
    """A host as Ansible adds it to the inventory of a run, by a task's result.

    :param arguments: those of a task of csk_host.
    :raises CskError: for what isn't a machine.
    """
    values = argspec.module_arguments("csk_host", arguments)
    machine = values["machine"]
    return {"host_name": machine["name"], "groups": values["groups"], "host_vars": machine["variables"]}
