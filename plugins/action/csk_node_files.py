# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_node_files: files of the ledger onto a node, in one step, without any of them in a result or a command line."""

from __future__ import annotations

import base64
import json
from contextlib import nullcontext
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.node_files import Asked, NodeFile, files_of
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import JOINING_FILES, MASTERS_FILES, Session

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


class ActionModule(CskAction):
    """The work of csk_node_files."""

    module = "csk_node_files"
    _requires_connection = True

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Write the files, and say which of them changed."""
        cluster = session.cluster(values["cluster"])
        if not self.check_mode:
            session.ledger.renew(cluster.name, session.run)
        mtu = values["mtu"]
        if mtu is None and "network" in values["files"]:
            mtu = session.provider(cluster.spec).mtu()
        capacity = session.provider(cluster.spec).capacity

        def kubeadm_config() -> str:
            with session.api(cluster, timeout=15) as api:
                return api.kubeadm_config()

        def etcd_tag() -> str:
            return session.release(cluster.version)["etcd"]["tag"]

        asked = Asked(capacity, kubeadm_config, etcd_tag)
        files = files_of(session.ledger, cluster, values["node"], values["files"], mtu or 0, asked)
        title = (
            MASTERS_FILES if "bootstrap" in values["files"] else JOINING_FILES if "join" in values["files"] else None
        )
        with session.step(cluster.name, title) if title else nullcontext():
            done = self._write(files, task_vars)
        return {"changed": any(entry["changed"] for entry in done), "files": done}

    def _write(self, files: list[NodeFile], task_vars: dict[str, Any]) -> list[dict[str, Any]]:
        entries = [
            {
                "path": file.path,
                "mode": file.mode,
                "content": None if file.content is None else base64.b64encode(file.content.encode()).decode(),
            }
            for file in files
        ]
        payload = base64.b64encode(json.dumps({"files": entries, "check": self.check_mode}).encode()).decode()
        script = _WRITER.replace("PAYLOAD", repr(payload))
        where = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, task_vars)
        python = where.get("ansible_python_interpreter", "/usr/bin/python3")
        result = self._low_level_execute_command(f"{python} -", in_data=script.encode(), sudoable=True)
        text = result.get("stdout", "")
        if result.get("rc") != 0 or "CSK" not in text:
            node, told = self._task.args.get("node"), result.get("stderr", "").strip()[-300:]
            what = f"the files can't be written on {node}: {told}"
            if result.get("rc") is None:
                raise AnsibleConnectionFailure(what)
            rule = "the node takes them as root, with Python 3."
            raise CskError(Problem("csk_node_files", what, rule, "check ansible_python_interpreter and become."))
        return json.loads(text[text.index("CSK") + 3 :])
