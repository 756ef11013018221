# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_snapshot; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_snapshot
short_description: Takes a snapshot of a cluster's etcd, or puts one onto a master
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Takes a snapshot of etcd on the master that the task runs on, checks it there by C(etcdutl), and fetches it to the
    controller. Beside it is a file that says whose it is; what else a restoration needs is in the ledger.
  - A snapshot holds all objects of the cluster, Secrets too. Its file is encrypted by the ledger's key, unless
    O(encrypt=false), and only the user can read it. In clear it lies only in O(csk_home), while it is taken.
  - Snapshots that newer ones supersede are removed. Those of each O(label) are a series of their own, and so are those
    that upgrades take, of which attempts at the same upgrade count as one. The last snapshot of a cluster of which
    nothing was being changed is never removed.
  - A host that isn't a master of the cluster is refused; see M(csk.kubernetes.csk_node_files).
options:
  name:
    description:
      - The cluster's name.
    type: str
    required: true
  state:
    description:
      - V(taken) takes one. V(sent) puts one, decrypted, onto the master that the task runs on, to start from it.
    type: str
    choices: [taken, sent]
    default: taken
  path:
    description:
      - With O(state=sent), the file of the snapshot on the controller, encrypted or not.
    type: path
  label:
    description:
      - What the snapshot is called, up to 63 letters, digits, dots, hyphens and underscores.
    type: str
    default: ''
  encrypt:
    description:
      - Whether the file is encrypted by the ledger's key. Without that key, and without its ledger, nobody can use it.
    type: bool
    default: true
  snapshot_dir:
    description:
      - The folder of the snapshots on the controller; C(snapshots) in O(csk_home), where it isn't given.
    type: path
  kept:
    description:
      - How many of the newest snapshots of each label, and of those that upgrades take, stay in the folder; at least
        one.
    type: int
    default: 5
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says that a snapshot would be taken, or copied.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
notes:
  - It runs commands on its target host, a master of the cluster, and fetches a file from it, or copies one there.
seealso:
  - module: csk.kubernetes.csk_upgrade
"""

EXAMPLES = r"""
- name: Take a snapshot of etcd
  csk.kubernetes.csk_snapshot:
    name: demo
    snapshot_dir: /srv/backup/demo
  delegate_to: demo.master-1
"""

RETURN = r"""
changes:
  description: What was done, in sentences.
  returned: success
  type: list
  elements: str
path:
  description: The snapshot's file on the controller.
  returned: when it was taken or sent
  type: str
"""
