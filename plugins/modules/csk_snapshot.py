# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_snapshot; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_snapshot
short_description: Takes a snapshot of a cluster's etcd
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Takes a snapshot of etcd on the master that the task runs on, checks it there by C(etcdutl), and fetches it to the
    controller. Beside it is a file that says whose it is; what else a restoration needs is in the ledger.
  - A host that isn't a master of the cluster is refused; see M(csk.kubernetes.csk_node_files).
  - A snapshot holds all objects of the cluster, Secrets too. Only the user can read its file.
options:
  name:
    description:
      - The cluster's name.
    type: str
    required: true
  snapshot_dir:
    description:
      - The folder of the snapshots on the controller; C(snapshots) in O(csk_home), where it isn't given.
    type: path
  kept:
    description:
      - How many of the cluster's newest snapshots stay in the folder; at least one.
    type: int
    default: 5
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says that a snapshot would be taken.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
notes:
  - It runs commands on its target host, a master of the cluster, and fetches a file from it.
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
  description: The snapshot's file.
  returned: when it was taken
  type: str
"""
