# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_node_files: files of the ledger onto a node, none of them in a result or a command line."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from ..context.progress import JOINING_FILES, MASTERS_FILES
from ..control_planes.stacked.snapshots import read_about
from ..render.kubeadm import Kept
from ..render.node_files import Asked, files_of
from ..render.node_tree import node_tree
from . import host_files
from .steps import Task

ROLES = Path(__file__).parents[3] / "roles"


def write(task: Task) -> dict[str, Any]:
    """Write the files, and say which of them changed."""
    session, values = task.session, task.values
    if not task.check:
        session.lock(values["cluster"], alone=False)  # the hosts get their files at the same time
    cluster = session.cluster(values["cluster"])
    fleet = session.fleet(cluster)
    mtu = values["mtu"]
    if mtu is None and "network" in values["files"]:
        mtu = fleet.mtu()

    def kept() -> Kept:
        if cluster.restore_from:
            return Kept(**read_about(Path(cluster.restore_from), "csk_snapshot").configs)
        with session.api(cluster, timeout=15) as api:
            return Kept(**api.kubeadm_configs())

    def etcd_tag() -> str:
        return session.release(cluster.version)["etcd"]["tag"]

    def tree(release: str, container: bool) -> dict[str, tuple[str, int]]:
        return node_tree(ROLES, release, session.home / "artifacts" / "releases" / release, container)

    asked = Asked(
        secrets=partial(session.ledger.secrets, cluster.name),
        capacity=partial(fleet.capacity, values["node"]),
        kept=kept,
        etcd_tag=etcd_tag,
        node_tree=tree,
    )
    machines, pools = session.ledger.machines(cluster.name), session.ledger.pools(cluster.name)
    files = files_of(cluster, machines, pools, values["node"], values["files"], mtu or 0, fleet.shared_kernel(), asked)
    title = MASTERS_FILES if "bootstrap" in values["files"] else JOINING_FILES if "join" in values["files"] else None
    with session.step(cluster.name, title) if title else nullcontext():
        own = host_files.marks(cluster, [values["node"]])
        ca = session.ledger.secret(cluster.name, "ca.crt")
        done = host_files.put(task.remote, "csk_node_files", own, ca, files, new=True, check=task.check)
    return {"changed": any(entry["changed"] for entry in done), "files": done}
