# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files onto a host that is the node which it should be: a mark on it says which node of which cluster it is.

A variable or an inventory of somebody's may lead a task to another host than the one that it names.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..core.errors import CskError, Problem
from ..core.models import Cluster
from ..core.remote import Remote
from ..render.node_files import PKI, NodeFile
from .programs import ProgramFailedError, run_program

MARK = "/etc/csk/node"
# Runs on the node. A host that was made before there were marks is known by its CA and its name.
_PROGRAM = r"""
import base64, hashlib, json, os, socket
asked = json.loads(base64.b64decode(PAYLOAD))

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None

def node():
    # the node that this host is, and what else it is
    mark, ca, name = read(asked["mark"]), read(asked["ca_path"]), socket.gethostname()
    if mark is not None:
        mark = mark.decode(errors="replace")
        return next((node for node, own in asked["nodes"].items() if own == mark), None), mark.strip()
    if ca is None:
        return (next(iter(asked["nodes"])) if asked["new"] else None), "no node"
    if asked["ca"] and "".join(ca.decode(errors="replace").split()) != asked["ca"]:
        return None, "node %s of a cluster with another CA" % name
    return (name if name in asked["nodes"] else None), "node %s" % name

def put(path, wanted, mode):
    there = read(path)
    data = None if wanted is None else base64.b64decode(wanted)
    changed = there != data or (data is not None and os.stat(path).st_mode & 0o7777 != mode)
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
            os.chmod(new, mode)
            os.rename(new, path)
    digest = None if data is None else hashlib.sha256(data).hexdigest()
    return {"path": path, "sha256": digest, "changed": changed}

found, told = node()
done = []
if found is not None:
    done.append(put(asked["mark"], base64.b64encode(asked["nodes"][found].encode()), 0o644))
    done += [put(item["path"], item["content"], item["mode"]) for item in asked["files"]]
print("CSK" + json.dumps({"node": found, "told": told, "done": done}))
"""


def mark(cluster: str, cluster_id: str, node: str) -> str:
    """What the mark on a node's host says."""
    return f"node {node} of cluster {cluster}, id {cluster_id}\n"


def marks(cluster: Cluster, nodes: Iterable[str]) -> dict[str, str]:
    """Nodes of a recorded cluster -> the marks of their hosts."""
    return {node: mark(cluster.name, cluster.id, node) for node in nodes}


def put(
    remote: Remote,
    module: str,
    nodes: Mapping[str, str],
    ca: bytes | None,
    files: Sequence[NodeFile] = (),
    *,
    new: bool = False,
    check: bool = False,
) -> list[dict[str, Any]]:
    """Write files onto a host, with its mark, where it is the node that it should be; which of them changed.

    :param module: whose task it is, for the errors.
    :param nodes: the nodes of which the host may be one -> their marks.
    :param ca: the cluster's CA as PEM; None: it isn't known.
    :param new: a host that is no node yet becomes the one that is named.
    :param check: nothing is written.
    :raises CskError: for a host that is another one.
    :raises AnsibleConnectionFailure: where it can't be reached.
    """
    from ansible.errors import AnsibleConnectionFailure

    asked = {
        "mark": MARK,
        "nodes": dict(nodes),
        "ca_path": f"{PKI}/ca.crt",
        "ca": "".join(ca.decode().split()) if ca else "",
        "new": new,
        "check": check,
        "files": [
            {
                "path": file.path,
                "mode": file.mode,
                "content": None if file.content is None else base64.b64encode(file.content.encode()).decode(),
            }
            for file in files
        ],
    }
    names = ", ".join(nodes)
    try:
        result = run_program(remote, _PROGRAM, asked)
    except ProgramFailedError as failed:
        what = f"the files can't be written on {names}: {failed.said[-300:]}"
        if not failed.reached:
            raise AnsibleConnectionFailure(what) from None
        rule = "the node takes them as root, with Python 3."
        raise CskError(Problem(module, what, rule, "check ansible_python_interpreter and become.")) from None
    if result["node"] is None:
        wanted = " or ".join(text.strip() for text in nodes.values())
        what = f"the host that the task leads to is {result['told']}, not {wanted}."
        rule = f"what is written to a node, or taken from it, is its own; {MARK} on its host says which one it is."
        fix = (
            "look at the variables of the connection (ansible_host, delegate_to, an inventory of yours); a host that "
            "was another node is made anew before it becomes this one."
        )
        raise CskError(Problem(module, what, rule, fix))
    return result["done"]
