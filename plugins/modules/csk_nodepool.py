# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_nodepool; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_nodepool
short_description: Makes the worker machines of a node pool
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Records a node pool and makes as many worker machines as it should have. The role
    P(csk.kubernetes.worker#role) joins them.
  - Labels and taints are put on the Nodes when they join, and again when they are missing.
options:
  cluster:
    description:
      - The cluster's name.
    type: str
    required: true
  name:
    description:
      - The pool's name, unique in its cluster; lower-case letters, digits and hyphens, 20 characters at most.
    type: str
    required: true
  desired_size:
    description:
      - How many workers the pool has.
    type: int
    required: true
  zones:
    description:
      - The zones that new workers are spread over. All zones of the cluster where none are given.
    type: list
    elements: str
    default: []
  labels:
    description:
      - Labels of the pool's Nodes.
    type: dict
    default: {}
  taints:
    description:
      - Taints of the pool's Nodes.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: The taint's key.
        type: str
        required: true
      value:
        description: The taint's value.
        type: str
        default: ''
      effect:
        description: What the taint does.
        type: str
        choices: [NoSchedule, PreferNoSchedule, NoExecute]
        required: true
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says what would happen, and makes nothing.
    support: full
  diff_mode:
    description: Shows the pool before and after.
    support: full
seealso:
  - module: csk.kubernetes.csk_cluster
  - module: csk.kubernetes.csk_nodepool_info
"""

EXAMPLES = r"""
- name: Two workers for the web tier
  csk.kubernetes.csk_nodepool:
    cluster: demo
    name: default
    desired_size: 2
    labels: {tier: web}
"""

RETURN = r"""
nodepool:
  description: The pool as the ledger knows it.
  returned: success
  type: dict
machines:
  description: The machines that the roles have work on, each with its connection variables.
  returned: success
  type: list
  elements: dict
changes:
  description: What was changed, or would be, in sentences.
  returned: success
  type: list
  elements: str
"""
