# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_nodepool; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_nodepool
short_description: Brings a node pool to its size
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Records a node pool and makes as many worker machines as it should have. The role
    P(csk.kubernetes.worker#role) joins them.
  - Labels and taints are put on the Nodes when they join, and again when they are missing.
  - A pool that has too many workers loses those of origin V(scale), in the order of O(scale_in_policy). Workers that
    were created with the cluster, and those that were joined by hand, go only when O(nodes) names them.
  - Workers that never were Ready go first, whatever their origin and without a drain. Where none of a pool's workers
    was ever Ready, nothing of it is immutable; they are made anew.
  - A worker is cordoned and drained by the Eviction API, which respects PodDisruptionBudgets; then its Node goes, then
    its machine. A drain that can't finish in time is told with the pods and the budgets; the worker stays, and is
    uncordoned if csk cordoned it.
  - What counts in a drain is the pods that were there when it began. A pod that tolerates that its node is cordoned
    may come back; it is told, with its toleration and its owner, evicted once more, and ends with its machine.
  - A worker is drained as long as its kubelet renews its Lease, whether the API server reaches its port or not. It is
    dead where its Lease is over and the provider says that its machine doesn't run. One that runs and is silent is
    stopped first, where its provider can do that for certain; elsewhere the module refuses, and O(csk_forget) is asked
    for. Only then its pods go by force, and volumes are detached by the taint C(node.kubernetes.io/out-of-service).
options:
  cluster:
    description:
      - The cluster's name.
    type: str
    required: true
  name:
    description:
      - The pool's name, unique in its cluster; lower-case letters, digits and hyphens, 20 characters at most.
      - Needed, here or in O(settings).
    type: str
  settings:
    description:
      - The pool's settings as a cluster file has them (one of C(csk_nodepools)), in place of the single options and
        never beside them.
    type: dict
  state:
    description:
      - Whether the pool is there. A pool that goes takes all its workers with it.
    type: str
    choices: [present, absent]
    default: present
  desired_size:
    description:
      - How many workers the pool has. Needed unless O(state=absent).
    type: int
  provider:
    description:
      - Where the pool's machines come from, as O(csk.kubernetes.csk_cluster#module:provider). The cluster's, where it
        isn't given. Immutable.
      - The provider's own options stand in the cluster's settings.
    type: str
  unschedulable:
    description:
      - Keeps new pods from the pool's Nodes; those that are there stay. Set to V(false), csk lets pods onto the Nodes
        again that it had cordoned for this option, and onto no others.
    type: bool
    default: false
  kubelet:
    description:
      - What the pool's kubelets are told beside O(instance), in the words of C(kubelet.config.k8s.io/v1beta1).
        Immutable; make another pool for other settings.
    type: dict
    default: {}
    suboptions:
      allowedUnsafeSysctls:
        description: Sysctls that pods may set.
        type: list
        elements: str
      containerLogMaxFiles:
        description: How many log files of a container are kept, 2 or more.
        type: int
      containerLogMaxSize:
        description: The size at which a container's log is rotated, as a quantity of Kubernetes, such as V(10Mi).
        type: str
      cpuManagerPolicy:
        description: Whether containers may have cores of their own.
        type: str
        choices: [none, static]
      imageGCHighThresholdPercent:
        description: The use of the disk above which unused images are removed.
        type: int
      imageGCLowThresholdPercent:
        description: The use of the disk down to which they are removed.
        type: int
      maxParallelImagePulls:
        description: How many images are pulled at once; more than one needs O(kubelet.serializeImagePulls=false).
        type: int
      podPidsLimit:
        description: How many processes and threads a pod may have; V(-1) for no bound.
        type: int
      registryPullQPS:
        description: How many pulls are begun in a second; V(0) for no bound.
        type: int
      serializeImagePulls:
        description: Whether images are pulled one after another.
        type: bool
  scale_in_policy:
    description:
      - Which workers of origin V(scale) go first, the oldest (V(fifo)) or the newest (V(lifo)).
    type: str
    choices: [fifo, lifo]
    default: fifo
  nodes:
    description:
      - Workers of this pool that are to go, by name and whatever their origin. As many as O(desired_size) then lacks
        are made anew; they inherit zone, origin and age of those that went.
      - A name that is gone already is no error, so that a run can be repeated.
    type: list
    elements: str
    default: []
  drain:
    description:
      - How a worker is emptied before it goes.
    type: dict
    default: {}
    suboptions:
      timeout:
        description: For all workers that go in one run, in seconds.
        type: int
        default: 300
      grace_period:
        description: What pods get to end, in seconds. What each pod asks for, where it isn't given.
        type: int
      force:
        description: Also evicts pods that no controller would make again.
        type: bool
        default: false
      delete_emptydir_data:
        description: Also evicts pods with emptyDir volumes, whose data are lost.
        type: bool
        default: false
  instance:
    description:
      - The shape of the pool's machines. Immutable; make another pool for another shape.
      - A machine may use no more than that, and its Node's allocatable equals it. What isn't given isn't bounded.
      - One that is larger than the host is refused. All workers together may have more than the host; that is told.
    type: dict
    default: {}
    suboptions:
      cpus:
        description: In cores, 0.5 or more.
        type: float
      memory:
        description: As a quantity of Kubernetes, such as V(2Gi); V(512Mi) or more.
        type: str
      max_pods:
        description: How many pods a Node takes, 256 at most. The kubelet's 110, where it isn't given.
        type: int
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
  - csk.kubernetes.csk.forget
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

- name: One worker less, and not any one
  csk.kubernetes.csk_nodepool:
    cluster: demo
    name: default
    desired_size: 1
    nodes: [default-2]
    drain: {timeout: 600, delete_emptydir_data: true}
"""

RETURN = r"""
nodepool:
  description: The pool as the ledger knows it.
  returned: success
  type: dict
decisions:
  description: Where workers go, what happens to each one of the pool and why.
  returned: success
  type: list
  elements: dict
  sample: [{node: default-3, action: remove, why: "origin scale, oldest first: added at 2026-11-24 10:00:00 UTC"},
           {node: default-1, action: keep, why: "origin create: it goes only when it is named"}]
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
