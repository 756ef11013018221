# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_host; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_host
short_description: Takes a machine into the run, as a host
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - For playbooks. Takes one of the C(machines) that another csk_* module gives, and adds it to the inventory of the run
    with all its variables; those of its connection are known only to its provider.
  - It needs neither the ledger nor the machine. No secret is among the variables.
  - Ansible counts a task that adds a host as changed, as with M(ansible.builtin.add_host); C(changed_when=false) says
    that the run's own inventory is no change.
options:
  machine:
    description:
      - The machine; loop over C(machines) of the other module's result.
    type: dict
    required: true
    suboptions:
      name:
        description: The host's name in the run.
        type: str
        required: true
      variables:
        description: The host's variables.
        type: dict
        required: true
      step:
        description: What the machine needs.
        type: str
        default: ""
      role:
        description: What the machine is in its cluster.
        type: str
  groups:
    description:
      - The groups that the host comes into. A host stays in its groups until ansible-playbook ends, so a play of a
        later playbook of the same run finds it there too.
    type: list
    elements: str
    default: []
attributes:
  action:
    description: Runs on the controller, as an action plugin.
    support: full
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: full
  check_mode:
    description: Adds the host in check mode too, so that what comes after can be checked.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
seealso:
  - module: csk.kubernetes.csk_cluster
  - module: csk.kubernetes.csk_nodepool
"""

EXAMPLES = r"""
- name: Read the cluster
  csk.kubernetes.csk_cluster_info:
    name: demo
  register: demo

- name: Take its machines into this run
  csk.kubernetes.csk_host:
    machine: "{{ item }}"
    groups: [demo]
  loop: "{{ demo.clusters[0].hosts }}"
  loop_control:
    label: "{{ item.name }}"
  changed_when: false
"""

RETURN = r"""
add_host:
  description: The host as it came into the inventory, with its groups and variables.
  returned: success
  type: dict
"""
