# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_plan; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_plan
short_description: Says what is wrong with a cluster file, and what would be changed
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Reads a whole cluster file, checks all of it against the rules, the ledger, the provider and the cluster itself,
    and tells every error at once, or every change that a run would make. It changes nothing.
options:
  cluster:
    description:
      - The cluster, with the options of M(csk.kubernetes.csk_cluster).
    type: raw
  nodepools:
    description:
      - Its node pools, each with the options of M(csk.kubernetes.csk_nodepool).
    type: raw
  stacks:
    description:
      - What is set up in the cluster. There is nothing to choose from yet, so it is left out or empty.
    type: raw
  scale:
    description:
      - Whether the run may remove workers, as that of the playbook C(csk.kubernetes.scale). The cluster must be there.
    type: bool
    default: false
  upgrade_to:
    description:
      - Says what an upgrade of the cluster to this version would do, and what is in its way, instead of judging the
        rest of the file.
    type: str
  upgrade_options:
    description:
      - How the upgrade would go, as O(csk.kubernetes.csk_upgrade#module:options).
    type: dict
    default: {}
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: It never changes anything.
    support: full
  diff_mode:
    description: Shows the cluster's settings before and after.
    support: full
"""

EXAMPLES = r"""
- name: What would happen?
  csk.kubernetes.csk_plan:
    cluster: {name: demo, version: "1.36"}
    nodepools:
      - {name: default, desired_size: 2}
"""

RETURN = r"""
changes:
  description: What a run would do, in sentences.
  returned: success
  type: list
  elements: str
kept:
  description: Pools that the file doesn't mention; they are kept.
  returned: success
  type: list
  elements: str
name:
  description: The cluster's name.
  returned: success
  type: str
problems:
  description: Everything that is wrong.
  returned: failure
  type: list
  elements: dict
  sample: [{where: csk_cluster.masters, what: is 4., rule: a cluster has 3 or 5 masters., fix: use 3.}]
version:
  description: The exact version that the cluster has or would get.
  returned: success
  type: str
"""
