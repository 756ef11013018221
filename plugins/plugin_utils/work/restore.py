# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster made anew from a snapshot of etcd: what goes, what stays, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..context.session import Session
from ..control_planes.stacked.snapshots import Snapshot, opens_to, read
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine
from ..rules import settings
from .results import cluster_result
from .steps import Task

WHERE = "csk_snapshot"


def restore(task: Task) -> dict[str, Any]:
    """The work of csk_restore: check the snapshot, record the restoration, and remove what is made anew."""
    session, values = task.session, task.values
    if not task.check:
        session.lock(values["name"])
    cluster = session.cluster(values["name"])
    path = Path(values["snapshot"]).expanduser().absolute()
    snapshot = check(session, cluster, path, values["confirm"], values["version"])
    if task.check:
        names = going(session.ledger.machines(cluster.name), snapshot)
        changes = sentences(cluster, names, snapshot)
    else:
        changes = begin(session, cluster, path, snapshot)
    for line in changes:
        task.say(line)
    return {"changed": True, "changes": changes, "cluster": cluster_result(session.cluster(cluster.name))}


def going(machines: Sequence[Machine], snapshot: Snapshot) -> list[str]:
    """The machines that are made anew: all masters, and the workers that the snapshot doesn't know or that are newer.

    No kubelet may be newer than its API server, as that of a worker may be whose upgrade was begun; and what the
    snapshot doesn't know has pods that nobody knows either. What an earlier restoration was to make anew is new.
    """
    return [
        m.name
        for m in machines
        if m.role == "master" or m.name not in snapshot.nodes or m.version != snapshot.version or m.status != "ready"
    ]


def check(session: Session, cluster: Cluster, path: Path, confirm: str | None, wanted: str | None) -> Snapshot:
    """The snapshot, where the cluster may be restored from it.

    :param confirm: the cluster's name once more.
    :param wanted: the version that the cluster's file says.
    :raises CskError: with everything that is in the way.
    """
    snapshot = read(path, WHERE)
    problems = []
    try:
        opens_to(session, path, WHERE)  # before anything is removed
    except CskError as error:
        problems += error.problems
    if confirm != cluster.name:
        rule = "a restoration throws away all that was written after the snapshot, so it asks for the cluster's name."
        fix = f"give csk_confirm={cluster.name}, if {cluster.name} is to be what it was at {snapshot.taken_at}."
        problems.append(Problem("csk_confirm", f"is {confirm!r}.", rule, fix))
    if snapshot.cluster_id != cluster.id:
        what = f"{path} is of the cluster {snapshot.cluster}, id {snapshot.cluster_id}."
        rule = "a cluster is restored from its own snapshot: its CAs and keys are in the ledger."
        problems.append(Problem(WHERE, what, rule, f"use a snapshot of {cluster.name}, id {cluster.id}."))
    if cluster.status == "deleting":
        rule = "a deletion that was begun is finished."
        problems.append(Problem("csk_name", f"{cluster.name} is being deleted.", rule, "restore another cluster."))
    if wanted:
        problems += settings.version_problems(snapshot.version, wanted)
    fleet = session.fleet(cluster)
    problems += fleet.check(snapshot.version)
    problems += [
        _may_live(name)
        for name in going(session.ledger.machines(cluster.name), snapshot)
        if not fleet.stops(name) and name not in session.forgotten
    ]
    if problems:
        raise CskError(problems)
    return snapshot


def begin(session: Session, cluster: Cluster, path: Path, snapshot: Snapshot) -> list[str]:
    """Record the restoration, then remove the machines that are made anew; what was done, in sentences.

    :raises CskError: where a machine is still there: an old master that lives would be a second cluster.
    """
    fleet = session.fleet(cluster)
    machines = session.ledger.machines(cluster.name)
    known = {machine.name for machine in machines}
    # Those that were about to take the place of a worker that is still there.
    heirs = [machine.name for machine in machines if machine.replaces in known]
    if heirs:
        fleet.delete(heirs)
        session.ledger.delete_machines(cluster.name, heirs)
    names = going([machine for machine in machines if machine.name not in heirs], snapshot)
    session.ledger.set_restoring(cluster.name, str(path), snapshot.version, names)
    fleet.delete(names)
    left = sorted(set(fleet.states()) & set(names))
    if left:
        rule = "the old masters are gone before etcd is restored: else there would be two clusters."
        fix = "remove these machines by hand, then run the playbook again."
        raise CskError(Problem(f"machines {', '.join(left)}", "are still there.", rule, fix))
    session.ledger.set_status(cluster.name, "creating")
    return sentences(cluster, names, snapshot)


def _may_live(name: str) -> Problem:
    what = "is made anew, and its provider can't stop it for certain."
    rule = "the old masters are gone before etcd is restored: else there would be two clusters."
    fix = f"switch the machine off, see that it is off, and say so: csk_forget: [{name}]."
    return Problem(f"machine {name}", what, rule, fix)


def sentences(cluster: Cluster, names: Sequence[str], snapshot: Snapshot) -> list[str]:
    """What a restoration does."""
    return [
        f"cluster {cluster.name}: back to {snapshot.taken_at}, {snapshot.version}, {snapshot.keys} keys.",
        f"machines {', '.join(names)}: made anew.",
    ]
