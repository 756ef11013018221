# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_node_files: files of the ledger onto a node, none of them in a result or a command line."""

from __future__ import annotations

import base64
import json
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from ..context.progress import JOINING_FILES, MASTERS_FILES
from ..core.errors import CskError, Problem
from ..render.node_files import Asked, NodeFile, files_of
from ..render.node_tree import node_tree
from .steps import Task

ROLES = Path(__file__).parents[3] / "roles"

# Runs on the node, fed through standard input, so that no file and no argument there holds a secret.
_WRITER = r"""
import base64, hashlib, json, os, sys
asked = json.loads(base64.b64decode(PAYLOAD))
done = []
for item in asked["files"]:
    path, wanted = item["path"], item["content"]
    try:
        with open(path, "rb") as file:
            there = file.read()
        mode = os.stat(path).st_mode & 0o7777
    except FileNotFoundError:
        there = mode = None
    data = None if wanted is None else base64.b64decode(wanted)
    changed = there != data or (data is not None and mode != item["mode"])
    if changed and not asked["check"]:
        if data is None:
            os.unlink(path)
        else:
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            new = path + ".csk-new"
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(new, item["mode"])
            os.rename(new, path)
    digest = None if data is None else hashlib.sha256(data).hexdigest()
    done.append({"path": path, "sha256": digest, "changed": changed})
print("CSK" + json.dumps(done))
"""


def write(task: Task) -> dict[str, Any]:
    """Write the files, and say which of them changed."""
    session, values = task.session, task.values
    cluster = session.cluster(values["cluster"])
    if not task.check:
        session.ledger.renew(cluster.name, session.run)
    fleet = session.fleet(cluster)
    mtu = values["mtu"]
    if mtu is None and "network" in values["files"]:
        mtu = fleet.mtu()

    def kubeadm_config() -> str:
        with session.api(cluster, timeout=15) as api:
            return api.kubeadm_config()

    def etcd_tag() -> str:
        return session.release(cluster.version)["etcd"]["tag"]

    def tree(release: str, container: bool) -> dict[str, tuple[str, int]]:
        return node_tree(ROLES, release, session.home / "artifacts" / "releases" / release, container)

    asked = Asked(
        secrets=partial(session.ledger.secrets, cluster.name),
        capacity=partial(fleet.capacity, values["node"]),
        kubeadm_config=kubeadm_config,
        etcd_tag=etcd_tag,
        node_tree=tree,
    )
    machines, pools = session.ledger.machines(cluster.name), session.ledger.pools(cluster.name)
    files = files_of(cluster, machines, pools, values["node"], values["files"], mtu or 0, fleet.shared_kernel(), asked)
    title = MASTERS_FILES if "bootstrap" in values["files"] else JOINING_FILES if "join" in values["files"] else None
    with session.step(cluster.name, title) if title else nullcontext():
        done = _write(task, files)
    return {"changed": any(entry["changed"] for entry in done), "files": done}


def _write(task: Task, files: list[NodeFile]) -> list[dict[str, Any]]:
    from ansible.errors import AnsibleConnectionFailure

    entries = [
        {
            "path": file.path,
            "mode": file.mode,
            "content": None if file.content is None else base64.b64encode(file.content.encode()).decode(),
        }
        for file in files
    ]
    payload = base64.b64encode(json.dumps({"files": entries, "check": task.check}).encode()).decode()
    answer = task.remote.run(f"{task.remote.python} -", _WRITER.replace("PAYLOAD", repr(payload)))
    if answer.rc != 0 or "CSK" not in answer.stdout:
        what = f"the files can't be written on {task.values['node']}: {answer.stderr.strip()[-300:]}"
        if answer.rc is None:
            raise AnsibleConnectionFailure(what)
        rule = "the node takes them as root, with Python 3."
        raise CskError(Problem("csk_node_files", what, rule, "check ansible_python_interpreter and become."))
    return json.loads(answer.stdout[answer.stdout.index("CSK") + 3 :])
