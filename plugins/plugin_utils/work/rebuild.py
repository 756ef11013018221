# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_rebuild: a lost ledger's cluster, put together again from the cluster itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..core.errors import CskError, Problem
from ..core.machines import MachineState
from ..core.names import MACHINE_ROLE, PORT
from ..core.observed import Observed
from ..core.remote import Remote
from ..kube.cluster_api import connect
from ..render import pki
from ..render.node_files import PKI, PKI_FILES
from ..rules.rebuild import cluster_of, machines_of
from . import argspec, host_files
from .lifecycle import write_kubeconfig
from .results import cluster_result
from .steps import Task

_RULE = "a ledger is rebuilt from a master that runs: its CAs, the API's record, and the Nodes."


def rebuild(task: Task) -> dict[str, Any]:
    """Find a master of the lost cluster, or rebuild the cluster's record from the one that the task runs on."""
    session, values = task.session, task.values
    name = values["name"]
    result: dict[str, Any] = {"changed": False, "changes": [], "machines": []}
    if session.ledger.cluster(name):
        return result
    settings = argspec.provider_settings(values["provider"], values["provider_options"])
    provider = session.provider(values["provider"], settings)
    states = provider.list(name)
    masters = [s for s in states if s.labels.get(MACHINE_ROLE) == "master" and s.status == "running"]
    if not masters:
        what = f"the provider has no running master of a cluster {name}."
        fix = "check the name, or start its machines; csk.kubernetes.info lists the clusters that the ledger knows."
        raise CskError(Problem("csk_name", what, _RULE, fix))
    if values["state"] == "found":
        hosts = [{"name": f"{name}.{s.name}", "variables": provider.console(name, s.name)} for s in masters[:1]]
        return result | {"machines": hosts}
    if not task.check:
        session.lock(name)
        if session.ledger.cluster(name):  # another task of this run was first
            return result
    cluster_id = provider.clusters()[name]
    return result | _present(task, name, cluster_id, masters[0])


def _present(task: Task, name: str, cluster_id: str, master: MachineState) -> dict[str, Any]:
    session = task.session
    # Its CA isn't known yet; what it marks itself as is.
    own = {master.name: host_files.mark(name, cluster_id, master.name)}
    host_files.put(task.remote, "csk_rebuild", own, None, check=True)
    secrets = _fetch(task.remote, session.folder(name))
    crt, key = pki.client_cert(secrets["ca.crt"], secrets["ca.key"], pki.ADMIN_USER, [pki.ADMIN_GROUP])
    secrets |= {"admin.crt": crt, "admin.key": key}
    observed = _observe(session.folder(name), f"https://{master.address}:{PORT}", secrets)
    cluster, pools = cluster_of(observed.record or {})
    cluster = replace(cluster, spec=argspec.completed("csk_cluster", cluster.spec))
    pools = [replace(pool, spec=argspec.completed("csk_nodepool", pool.spec)) for pool in pools]
    if (cluster.name, cluster.id) != (name, cluster_id):
        what = f"the record is of cluster {cluster.name}, id {cluster.id}; the machines are of another one."
        raise CskError(Problem("csk_name", what, _RULE, "see which machines belong together: docker ps."))
    labels = {node.name: node.labels for node in observed.nodes.values()}
    versions = {node.name: node.version.removeprefix("v") for node in observed.nodes.values()}
    named = [pool.spec.get("provider") for pool in pools]
    states = session.planned_fleet(cluster.spec | {"name": name}, named).listed()
    machines = machines_of(cluster, pools, labels, states, versions)
    names = ", ".join(machine.name for machine in machines)
    changes = [f"cluster {name}: recorded again, with the machines {names}."]
    result = {"changed": True, "changes": changes, "cluster": cluster_result(cluster)}
    if not task.check:
        session.ledger.check_key()
        session.ledger.restore_cluster(cluster, pools, machines, secrets)
        result["kubeconfig"] = str(write_kubeconfig(session, cluster))
        session.unlock(name)
    return result


def _fetch(remote: Remote, folder: Path) -> dict[str, bytes]:
    """The master's CAs and keys, without any of them in an output."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".rebuild-") as target:
        found = {}
        for name in PKI_FILES:
            path = Path(target) / "file"
            remote.fetch(f"{PKI}/{name}", str(path))
            found[name] = path.read_bytes()
            path.unlink()
    return found


def _observe(folder: Path, server: str, secrets: dict[str, bytes]) -> Observed:
    with connect(folder, server, *(secrets[name] for name in ("ca.crt", "admin.crt", "admin.key"))) as api:
        observed = api.observe()
    if not observed.reachable:
        raise CskError(Problem("API", f"{server} doesn't answer.", _RULE, "look at this master's API server."))
    return observed
