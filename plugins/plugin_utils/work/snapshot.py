# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_snapshot: a snapshot of etcd, from the master that the task runs on to the controller, or back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..artifacts.manifest import sha256
from ..context.members import etcd_views
from ..control_planes.stacked import snapshots, taking
from ..core.errors import CskError, Problem
from ..core.models import Cluster, masters_of
from ..render.kubeadm import SNAPSHOT
from ..rules import etcd
from ..rules.snapshots import kept_problem, label_problem
from . import host_files
from .steps import Task


def bring(task: Task) -> dict[str, Any]:
    """Take a snapshot, or put one onto a master."""
    return _taken(task) if task.values["state"] == "taken" else _sent(task)


def _taken(task: Task) -> dict[str, Any]:
    """Take the snapshot, check it, fetch it, and remove those that it supersedes."""
    session, values = task.session, task.values
    if not task.check:
        session.lock(values["name"])
    cluster = session.cluster(values["name"])
    wrong = [problem for problem in (kept_problem(values["kept"]), label_problem(values["label"])) if problem]
    if wrong:
        raise CskError(wrong)
    folder = Path(values["snapshot_dir"] or session.home / "snapshots").expanduser()
    if task.check:
        return {"changed": True, "changes": [f"etcd of {cluster.name}: take a snapshot into {folder}."]}
    masters = masters_of(session.ledger.machines(cluster.name))
    ca = session.ledger.secret(cluster.name, "ca.crt")
    host_files.put(task.remote, "csk_snapshot", host_files.marks(cluster, [master.name for master in masters]), ca)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with session.step(cluster.name, "snapshot of etcd"), snapshots.workplace(session, cluster.name) as work:
        views = etcd_views(session, cluster, masters)
        status, digest = taking.take(task.remote, etcd.cluster_of(views))
        with session.api(cluster, timeout=15) as api:
            configs = api.kubeadm_configs()
        now = datetime.now(UTC)
        name = snapshots.file_name(cluster.name, now)
        received = work / name
        received.touch(mode=0o600)
        taking.fetch(task.remote, str(received))
        if sha256(received) != digest:
            what = f"the snapshot in {work} isn't what the master sent."
            fix = "see whether the disk is full; try again."
            raise CskError(Problem("csk_home", what, taking.WHOLE, fix))
        path = snapshots.write(session, folder, received, _about(task, cluster, status, now, configs), name)
        gone = snapshots.remove_superseded(folder, cluster.name, cluster.id, int(values["kept"]))
    changes = [f"etcd of {cluster.name}: snapshot {path}, {status['totalKey']} keys."]
    changes += [f"snapshot {old}: removed, newer ones take its place." for old in gone]
    return {"changed": True, "changes": changes, "path": str(path)}


def _about(
    task: Task, cluster: Cluster, status: dict[str, Any], now: datetime, configs: dict[str, str]
) -> snapshots.Snapshot:
    machines = task.session.ledger.machines(cluster.name)
    return snapshots.Snapshot(
        cluster=cluster.name,
        cluster_id=cluster.id,
        version=cluster.version,
        sha256="",  # of the file, which isn't written yet
        revision=status["revision"],
        keys=status["totalKey"],
        taken_at=now.isoformat(),
        nodes=[machine.name for machine in machines],
        label=task.values["label"],
        upgrade_to=cluster.upgrade_to or "",
        well=cluster.status == "ready" and all(m.status == "ready" and m.version == cluster.version for m in machines),
        encrypted=task.values["encrypt"],
        configs=configs,
    )


def _sent(task: Task) -> dict[str, Any]:
    """Put a snapshot, as etcd wrote it, onto the master that the task runs on."""
    session, values = task.session, task.values
    if not values["path"]:
        rule = "a snapshot that is put onto a master is named."
        raise CskError(Problem("csk_snapshot.path", "isn't there.", rule, "name the .db file of a snapshot."))
    if not task.check:
        session.lock(values["name"], alone=False)  # all masters get it at the same time
    cluster = session.cluster(values["name"])
    if not task.check:
        path = Path(values["path"]).expanduser()
        with snapshots.workplace(session, cluster.name) as work:
            snapshots.unsealed(session, path, work / "sent", "csk_snapshot")
            task.remote.send(str(work / "sent"), SNAPSHOT)
    return {"changed": True, "changes": [], "path": values["path"]}
