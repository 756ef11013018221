# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_rebuild; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_rebuild
short_description: Records a cluster again that the ledger lost
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Puts a cluster's record together from the cluster itself, where a ledger was lost; the CAs and keys from a master,
    settings and pools from the record that the cluster carries, machines from the provider and the Nodes' labels.
  - The administrator gets a new certificate. Nothing in the cluster is changed.
  - A cluster that the ledger knows is left alone.
options:
  name:
    description:
      - The cluster's name.
    type: str
    required: true
  state:
    description:
      - With V(found), a master that runs is looked for, to run the task with V(present) on it.
    type: str
    choices: [found, present]
    default: present
  provider:
    description:
      - The provider of the cluster's masters, as in M(csk.kubernetes.csk_cluster).
    type: str
    default: container
  provider_options:
    description:
      - The provider's own options, such as C(data_root) of V(container); see M(csk.kubernetes.csk_cluster).
    type: dict
    default: {}
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says what would be recorded.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
notes:
  - With O(state=present) it reads files from its target host, a master of the cluster.
seealso:
  - module: csk.kubernetes.csk_cluster
"""

EXAMPLES = r"""
- name: Find a master of the cluster that the ledger lost
  csk.kubernetes.csk_rebuild:
    name: demo
    state: found
  register: found

- name: Record the cluster again, from that master
  csk.kubernetes.csk_rebuild:
    name: demo
  delegate_to: demo.master-1
"""

RETURN = r"""
machines:
  description: A master that runs, with its connection variables. None where the ledger knows the cluster.
  returned: success
  type: list
  elements: dict
cluster:
  description: The cluster as it is recorded now.
  returned: when it was recorded
  type: dict
kubeconfig:
  description: Where the administrator's kubeconfig is. Never its content.
  returned: when it was recorded, not in check mode
  type: str
changes:
  description: What was recorded, or would be, in sentences.
  returned: success
  type: list
  elements: str
"""
