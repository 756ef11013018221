# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_nodepool_info; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_nodepool_info
short_description: Shows node pools as the ledger knows them and as they really are
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Reads the ledger, the provider and the cluster's API.
options:
  cluster:
    description:
      - The cluster's name.
    type: str
    required: true
  name:
    description:
      - The pool's name. All pools where it isn't given.
    type: str
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
  - csk.kubernetes.csk.info
"""

EXAMPLES = r"""
- name: Which workers does the pool have?
  csk.kubernetes.csk_nodepool_info:
    cluster: demo
    name: default
"""

RETURN = r"""
nodepools:
  description: The pools, each with its settings and its nodes.
  returned: success
  type: list
  elements: dict
"""
