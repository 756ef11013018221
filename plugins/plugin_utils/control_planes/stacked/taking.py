# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of etcd, taken on a master."""

from __future__ import annotations

import json
from typing import Any

from ...core.errors import CskError, Problem
from ...core.remote import Remote
from ...render.nodenet import ETCD_DATA_MARK, ETCD_MARK

# Etcd's pod sees its data directory where the master has it. What a killed run left there goes first.
FILE = "/var/lib/etcd/csk-snapshot.db"
WHOLE = "a snapshot is whole: etcdutl reads it, and it arrives as it was sent."
_PKI = "/etc/kubernetes/pki/etcd"
_TAKE = f"""
set -eu
umask 077
if [ -e {ETCD_MARK} ] && ! cmp -s {ETCD_MARK} {ETCD_DATA_MARK}; then
  echo "its data aren't those that this master had when it was ready" >&2
  exit 1
fi
exec 9> /run/lock/csk-snapshot
flock 9
rm -f {FILE} {FILE}.part
etcd=$(crictl ps --quiet --name '^etcd$')
keys="--cacert {_PKI}/ca.crt --cert {_PKI}/server.crt --key {_PKI}/server.key"
crictl exec "$etcd" etcdctl $keys snapshot save {FILE} >&2
echo "CID$(crictl exec "$etcd" etcdctl $keys endpoint status --write-out=json)"
echo "CSK$(crictl exec "$etcd" etcdutl snapshot status {FILE} --write-out=json)"
echo "SHA$(sha256sum {FILE})"
"""


def take(master: Remote, cluster: str) -> tuple[dict[str, Any], str]:
    """What etcdutl says of the snapshot on the master, and its digest.

    :param cluster: the ID that the cluster's etcd has; empty where that isn't known.
    :raises CskError: where none can be taken, and where it is of another cluster's etcd.
    """
    answer = master.run("sh", _TAKE)
    lines = answer.stdout.splitlines()
    status = next((line[3:] for line in lines if line.startswith("CSK")), "")
    digest = next((line[3:].split()[0] for line in lines if line.startswith("SHA")), "")
    if answer.rc != 0 or not digest:
        told = answer.stderr.strip()[-500:]
        fix = "look at etcd's log on this master, then run the playbook again."
        raise CskError(Problem("etcd", f"no snapshot can be taken: {told}", WHOLE, fix))
    mine = next((line[3:] for line in lines if line.startswith("CID")), "")
    found = f"{json.loads(mine)[0]['Status']['header']['cluster_id']:x}"
    if cluster not in ("", found):
        fix = "run the playbook csk.kubernetes.create, which replaces this master, then this one again."
        what = f"this master's is another cluster, {found}, not {cluster}."
        raise CskError(Problem("etcd", what, "a snapshot is of the cluster's own etcd.", fix))
    return json.loads(status), digest


def fetch(master: Remote, target: str) -> None:
    """Copy the snapshot into a file of the controller, and remove it from the master."""
    try:
        master.fetch(FILE, target)
    finally:
        master.run(f"rm -f {FILE}")
