# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_restore; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_restore
short_description: Begins to make a cluster anew from a snapshot of etcd
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Brings a cluster back to what it was when a snapshot was taken by M(csk.kubernetes.csk_snapshot). The masters'
    machines are removed and made anew; so are workers that the snapshot doesn't know, or whose kubelet is newer than
    the snapshot. CAs, keys and the endpoint stay, which are in the ledger.
  - What was written after the snapshot is lost.
  - A machine whose provider can't stop it for certain is made anew only where O(csk_forget) names it.
  - The module checks, records and removes. The playbook C(csk.kubernetes.restore) then goes on as C(create) does. A run
    that was killed is finished by C(csk.kubernetes.restore), or by C(create) once the old masters are gone.
options:
  name:
    description:
      - The cluster's name.
    type: str
    required: true
  snapshot:
    description:
      - The file of the snapshot on the controller, with the file beside it that ends in C(.json).
    type: path
    required: true
  confirm:
    description:
      - The cluster's name once more.
    type: str
  version:
    description:
      - The version that the cluster's file says, to see that it is the snapshot's. Always a string.
    type: str
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.forget
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says what would be done.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
seealso:
  - module: csk.kubernetes.csk_snapshot
"""

EXAMPLES = r"""
- name: See what a restoration would do
  csk.kubernetes.csk_restore:
    name: demo
    snapshot: /srv/backup/demo-20261124T120000Z.db
    confirm: demo
  check_mode: true
"""

RETURN = r"""
changes:
  description: What was done, or would be, in sentences.
  returned: success
  type: list
  elements: str
cluster:
  description: The cluster as it is recorded.
  returned: success
  type: dict
"""
