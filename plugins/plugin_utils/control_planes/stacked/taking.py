# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot of etcd, taken on a master."""

from __future__ import annotations

import json
from typing import Any

from ...core.errors import CskError, Problem
from ...core.remote import Remote

# Etcd's pod sees its data directory where the master has it. What a killed run left there goes first.
FILE = "/var/lib/etcd/csk-snapshot.db"
WHOLE = "a snapshot is whole: etcdutl reads it, and it arrives as it was sent."
_PKI = "/etc/kubernetes/pki/etcd"
_TAKE = f"""
set -eu
umask 077
exec 9> /run/lock/csk-snapshot
flock 9
rm -f {FILE} {FILE}.part
etcd=$(crictl ps --quiet --name '^etcd$')
keys="--cacert {_PKI}/ca.crt --cert {_PKI}/server.crt --key {_PKI}/server.key"
crictl exec "$etcd" etcdctl $keys snapshot save {FILE} >&2
echo "CSK$(crictl exec "$etcd" etcdutl snapshot status {FILE} --write-out=json)"
echo "SHA$(sha256sum {FILE})"
"""


def take(master: Remote) -> tuple[dict[str, Any], str]:
    """What etcdutl says of the snapshot on the master, and its digest.

    :raises CskError: where none can be taken.
    """
    answer = master.run("sh", _TAKE)
    lines = answer.stdout.splitlines()
    status = next((line[3:] for line in lines if line.startswith("CSK")), "")
    digest = next((line[3:].split()[0] for line in lines if line.startswith("SHA")), "")
    if answer.rc != 0 or not digest:
        told = answer.stderr.strip()[-500:]
        fix = "look at etcd's log on this master, then run the playbook again."
        raise CskError(Problem("etcd", f"no snapshot can be taken: {told}", WHOLE, fix))
    return json.loads(status), digest


def fetch(master: Remote, target: str) -> None:
    """Copy the snapshot into a file of the controller, and remove it from the master."""
    try:
        master.fetch(FILE, target)
    finally:
        master.run(f"rm -f {FILE}")
