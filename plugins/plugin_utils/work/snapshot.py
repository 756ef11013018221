# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_snapshot: a snapshot of etcd, from the master that the task runs on to the controller."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..artifacts.manifest import sha256
from ..context.members import etcd_views
from ..control_planes.stacked import snapshots, taking
from ..core.errors import CskError, Problem
from ..core.models import masters_of
from ..rules import etcd
from .steps import Task


def take(task: Task) -> dict[str, Any]:
    """Take the snapshot, check it, fetch it, and remove the oldest ones."""
    session, values = task.session, task.values
    cluster = session.cluster(values["name"])
    wrong = snapshots.kept_problem(values["kept"])
    if wrong:
        raise CskError(wrong)
    folder = Path(values["snapshot_dir"] or session.home / "snapshots").expanduser()
    if task.check:
        return {"changed": True, "changes": [f"etcd of {cluster.name}: take a snapshot into {folder}."]}
    session.lock(cluster.name)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with session.step(cluster.name, "snapshot of etcd"):
        views = etcd_views(session, cluster, masters_of(session.ledger.machines(cluster.name)))
        status, digest = taking.take(task.remote, etcd.cluster_of(views))
        with session.api(cluster, timeout=15) as api:
            configs = api.kubeadm_configs()
        now = datetime.now(UTC)
        name = snapshots.file_name(cluster.name, now)
        # A folder of its own: a connection may write under the name that the file has on the master.
        work = folder / f".{cluster.name}.new"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(mode=0o700)
        received = work / name
        received.touch(mode=0o600)
        taking.fetch(task.remote, str(received))
        if sha256(received) != digest:
            shutil.rmtree(work)
            what, fix = (
                f"the snapshot in {folder} isn't what the master sent.",
                "see whether the disk is full; try again.",
            )
            raise CskError(Problem("csk_snapshot_dir", what, taking.WHOLE, fix))
        about = snapshots.Snapshot(
            cluster=cluster.name,
            cluster_id=cluster.id,
            version=cluster.version,
            sha256=digest,
            revision=status["revision"],
            keys=status["totalKey"],
            taken_at=now.isoformat(),
            nodes=[machine.name for machine in session.ledger.machines(cluster.name)],
            configs=configs,
        )
        path = snapshots.write(folder, received, about, name)
        work.rmdir()
        gone = snapshots.remove_superseded(folder, cluster.name, values["kept"])
    changes = [f"etcd of {cluster.name}: snapshot {path}, {status['totalKey']} keys."]
    changes += [f"snapshot {old}: removed, the newest {values['kept']} stay." for old in gone]
    return {"changed": True, "changes": changes, "path": str(path)}
