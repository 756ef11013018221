# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_cluster_info; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_cluster_info
short_description: Shows clusters as the ledger knows them and as they really are
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Reads the ledger, the provider and the cluster's API, and tells what differs.
options:
  name:
    description:
      - The cluster's name. All clusters where it isn't given.
    type: str
  show:
    description:
      - Prints a summary as well.
    type: bool
    default: false
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
  - csk.kubernetes.csk.info
"""

EXAMPLES = r"""
- name: What is really there?
  csk.kubernetes.csk_cluster_info:
    name: demo
"""

RETURN = r"""
clusters:
  description: The clusters, each with its record, its nodes, its add-ons, and what differs.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    status:
      description: How far it is, V(creating), V(restoring), V(ready) or V(deleting).
      type: str
    problem:
      description: Why it can't be looked at, such as a provider that isn't installed; then only its record is there.
      returned: when O(name) isn't given, and it is so
      type: str
    version:
      description: Its exact Kubernetes version.
      type: str
    endpoint:
      description: The URL of its API.
      type: str
    reachable:
      description: Whether the API answers.
      type: bool
    nodes:
      description: Its machines in the ledger, each with its state at the provider and in the API.
      type: list
      elements: dict
    hosts:
      description: The same machines as Ansible reaches them, with connection variables.
      type: list
      elements: dict
    other_nodes:
      description: Nodes that csk didn't make.
      type: list
      elements: str
    addons:
      description: The add-ons, and whether each is available.
      type: dict
    isolation:
      description: What the machines of each of its providers keep from each other, in a sentence.
      type: dict
    differs:
      description: What a run of create would put right, in sentences.
      type: list
      elements: str
    version_status:
      description: The version's status on the date, its dates, and the upgrades that it has.
      type: dict
    certificates:
      description: The last day of each certificate, the soonest first. An API server's stands for all of its master.
      type: dict
    warnings:
      description: Certificates that end within 60 days.
      type: list
      elements: str
    quotas:
      description: What is used of the account's clusters and of the cluster's nodes, and how many there may be.
      type: dict
    locked_by:
      description: The run that works on it just now, since when, and when it last renewed its lock.
      type: str
    kubeconfig:
      description: Where the administrator's kubeconfig is. Never its content.
      type: str
"""
