# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_snapshot: a snapshot of etcd, from the master that the task runs on to the controller."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils import snapshots
from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.manifest import sha256
from ansible_collections.csk.kubernetes.plugins.plugin_utils.errors import CskError, Problem
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session

# Etcd's pod sees its data directory where the master has it. What a killed run left there goes first.
_FILE = "/var/lib/etcd/csk-snapshot.db"
_PKI = "/etc/kubernetes/pki/etcd"
_TAKE = f"""
set -eu
umask 077
exec 9> /run/lock/csk-snapshot
flock 9
rm -f {_FILE} {_FILE}.part
etcd=$(crictl ps --quiet --name '^etcd$')
keys="--cacert {_PKI}/ca.crt --cert {_PKI}/server.crt --key {_PKI}/server.key"
crictl exec "$etcd" etcdctl $keys snapshot save {_FILE} >&2
echo "CSK$(crictl exec "$etcd" etcdutl snapshot status {_FILE} --write-out=json)"
echo "SHA$(sha256sum {_FILE})"
"""
_RULE = "a snapshot is whole: etcdutl reads it, and it arrives as it was sent."


class ActionModule(CskAction):
    """The work of csk_snapshot."""

    module = "csk_snapshot"
    logged = True
    _requires_connection = True

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Take the snapshot, check it, fetch it, and remove the oldest ones."""
        del task_vars
        cluster = session.cluster(values["name"])
        wrong = snapshots.kept_problem(values["kept"])
        if wrong:
            raise CskError(wrong)
        folder = Path(values["snapshot_dir"] or session.home / "snapshots").expanduser()
        if self.check_mode:
            return {"changed": True, "changes": [f"etcd of {cluster.name}: take a snapshot into {folder}."]}
        session.lock(cluster.name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with session.step(cluster.name, "snapshot of etcd"):
            status, digest = self._take()
            now = datetime.now(UTC)
            name = snapshots.file_name(cluster.name, now)
            # A folder of its own: a connection may write under the name that the file has on the master.
            work = folder / f".{cluster.name}.new"
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700)
            received = work / name
            received.touch(mode=0o600)
            self._connection.fetch_file(_FILE, str(received))
            self._low_level_execute_command(f"rm -f {_FILE}", sudoable=True)
            if sha256(received) != digest:
                shutil.rmtree(work)
                what = f"the snapshot in {folder} isn't what the master sent."
                raise CskError(Problem("csk_snapshot_dir", what, _RULE, "see whether the disk is full; try again."))
            nodes = [machine.name for machine in session.ledger.machines(cluster.name)]
            about = snapshots.Snapshot(
                cluster.name,
                cluster.id,
                cluster.version,
                digest,
                status["revision"],
                status["totalKey"],
                now.isoformat(),
                nodes,
            )
            path = snapshots.write(folder, received, about, name)
            work.rmdir()
            gone = snapshots.remove_superseded(folder, cluster.name, values["kept"])
        changes = [f"etcd of {cluster.name}: snapshot {path}, {status['totalKey']} keys."]
        changes += [f"snapshot {old}: removed, the newest {values['kept']} stay." for old in gone]
        return {"changed": True, "changes": changes, "path": str(path)}

    def _take(self) -> tuple[dict[str, Any], str]:
        """What etcdutl says of the snapshot on the master, and its digest."""
        result = self._low_level_execute_command("sh", in_data=_TAKE.encode(), sudoable=True)
        lines = result.get("stdout", "").splitlines()
        status = next((line[3:] for line in lines if line.startswith("CSK")), "")
        digest = next((line[3:].split()[0] for line in lines if line.startswith("SHA")), "")
        if result.get("rc") != 0 or not digest:
            told = result.get("stderr", "").strip()[-500:]
            fix = "look at etcd's log on this master, then run the playbook again."
            raise CskError(Problem("etcd", f"no snapshot can be taken: {told}", _RULE, fix))
        return json.loads(status), digest
