# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_upgrade; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_upgrade
short_description: Steps of a cluster's upgrade
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - The steps of a rolling upgrade that go through the ledger, the provider and the API. What is done on the hosts is
    the work of the role C(csk.kubernetes.upgrade); the playbook C(csk.kubernetes.upgrade) puts both together.
  - An upgrade that was begun is in the ledger until it is finished. Until then C(scale) changes nothing, and
    C(create) only replaces masters that are lost.
options:
  name:
    description:
      - The cluster's name.
    type: str
    required: true
  state:
    description:
      - With V(started), everything is checked, every obstacle is told at once, and the upgrade is recorded. In check
        mode nothing is recorded.
      - With V(prepared), the machines of O(nodes) get the target's artifacts.
      - With V(emptied), O(nodes), which are changed at once, are cordoned, and their pods are evicted; a master only
        when all others are well.
      - With V(turn), it is seen that all masters but O(node) are well, which gets new certificates then.
      - With V(well), it is waited until O(node) is well with the target; then pods may come to it again.
      - With V(surged), new machines are made that take the places of O(nodes), with their zones, origins and ages.
      - With V(retired), O(nodes) are emptied and removed as by M(csk.kubernetes.csk_nodepool), once new machines took
        their places.
      - With V(locked), it is seen that the run still has the cluster's lock, before something on a host is put back.
      - With V(given_back), it is waited until O(node) is well after a master's components were put back as they were;
        then the task fails with O(cause).
      - With V(masters), the control plane is recorded to have the target.
      - With V(finished), it is waited until nodes and add-ons are well, and the upgrade is over.
      - With V(renewing), it is checked that all masters are well, before they get new certificates one after another.
    type: str
    required: true
    choices: [started, prepared, emptied, turn, well, surged, retired, locked, given_back, masters, finished, renewing]
  to:
    description:
      - The version to upgrade to, a minor or an exact one. Always a string.
    type: str
  node:
    description:
      - The node that a step is about.
    type: str
  nodes:
    description:
      - The nodes that are prepared, emptied, or replaced.
    type: list
    elements: str
    default: []
  stop:
    description:
      - With O(state=started), which upgrade of a path this is in the playbook; the groups of its hosts are named by it.
    type: int
    choices: [1, 2]
    default: 1
  step:
    description:
      - What was being done when O(state=given_back) became necessary.
    type: str
    default: ""
  cause:
    description:
      - What went wrong then.
    type: str
    default: ""
  outcome:
    description:
      - What became of putting O(node) back; V(nothing) where it had not been changed yet.
    type: str
    choices: [done, nothing, failed]
    default: done
  timeout:
    description:
      - For O(state=finished), in seconds.
    type: int
    default: 300
  options:
    description:
      - How the upgrade goes.
    type: dict
    default: {}
    suboptions:
      max_unavailable:
        description:
          - How many of a pool's workers are upgraded at once, as a number or in percent; at least one. Batches begin
            with one worker and double up to that.
        type: str
        default: 10%
      workers:
        description:
          - V(in_place) changes the workers. With V(replace) new machines of the target join first, as many at once as
            O(options.max_unavailable) says, and then the old ones are emptied and removed; origins and ages stay.
        type: str
        choices: [in_place, replace]
        default: in_place
      path:
        description:
          - The way to O(to) where it isn't the next minor; minors or exact versions, the last of which is O(to). Each
            upgrade is complete before the next begins. At most two.
        type: list
        elements: str
        default: []
      accept:
        description:
          - Obstacles that are accepted by their names.
          - V(expired), the source's minor is no longer valid.
          - V(budgets), PodDisruptionBudgets that allow no disruption when the upgrade starts.
          - V(pods), pods that can't be evicted without losing something; they are lost.
          - V(stored_objects), objects that are stored in a version which the target removed.
          - V(deprecated_apis), clients that use APIs which the target doesn't have.
          - V(webhooks), admission webhooks that fail closed, aren't served, and are asked for pods or evictions.
          - V(dead_workers), workers that aren't Ready; they are left out.
        type: list
        elements: str
        default: []
      pause:
        description:
          - When the playbook asks whether to go on, after the first batch of workers, or after each one.
        type: str
        choices: [none, first_batch, every_batch]
        default: none
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.forget
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: O(state=started) says what would be done, and what is in the way. The other states do nothing.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
seealso:
  - module: csk.kubernetes.csk_version
  - module: csk.kubernetes.csk_snapshot
"""

EXAMPLES = r"""
- name: See what an upgrade would do, and what is in its way
  csk.kubernetes.csk_upgrade:
    name: demo
    state: started
    to: "1.37"
  check_mode: true
"""

RETURN = r"""
addons:
  description: The master on which the add-ons are brought to the release, with its connection variables.
  returned: with O(state=started)
  type: list
  elements: dict
artifacts:
  description: The folder of the target's artifacts on each machine, by the machine's name.
  returned: with O(state=prepared)
  type: dict
at_once:
  description: How many machines may do heavy work at once, where they share a host; 0 means all of them.
  returned: with O(state=prepared)
  type: int
batches:
  description: How many workers each batch has, in order.
  returned: with O(state=started)
  type: list
  elements: int
changes:
  description: What was done, or would be, in sentences.
  returned: success
  type: list
  elements: str
cluster:
  description: The cluster as it is recorded.
  returned: success
  type: dict
etcd_members:
  description: The masters as members of etcd, in the form that its flag C(initial-cluster) takes.
  returned: with O(state=started) and O(state=renewing)
  type: str
heirs:
  description: The worker -> the new one that takes its place.
  returned: with O(state=surged)
  type: dict
finish:
  description: Whether an upgrade is under way, so that its end is to be awaited.
  returned: with O(state=started)
  type: bool
first:
  description: The master that is upgraded first, with what is done once; empty where a master has the target.
  returned: with O(state=started)
  type: str
flannel_image:
  description: The image of the network plugin, of the target.
  returned: with O(state=started)
  type: str
kubeconfig:
  description: Where the administrator's kubeconfig is. Never its content.
  returned: with O(state=started)
  type: str
left_out:
  description: Workers that aren't upgraded, because they aren't Ready and that was accepted.
  returned: with O(state=started)
  type: list
  elements: str
machines:
  description: The machines that are upgraded, in order, each with its connection variables.
  returned: success
  type: list
  elements: dict
replaced:
  description: How many workers are replaced by new machines in each batch, in order.
  returned: with O(state=started)
  type: list
  elements: int
snapshot_from:
  description: The master that a snapshot of etcd is taken from before anything; empty where a master has the target.
  returned: with O(state=started)
  type: str
stops:
  description: How many upgrades there are in this run, the earlier ones counted.
  returned: with O(state=started)
  type: int
target:
  description: The exact version to upgrade to.
  returned: with O(state=started)
  type: str
tidy:
  description: The machines that let go of other releases' images at the end, with their connection variables.
  returned: with O(state=started)
  type: list
  elements: dict
"""
