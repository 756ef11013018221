# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_cluster; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_cluster
short_description: Creates, finishes and deletes a cluster
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Records a cluster in the ledger, makes its network, its certificate authorities and its master machines.
  - The roles P(csk.kubernetes.control_plane#role) and P(csk.kubernetes.worker#role) turn the machines into a cluster;
    O(state=ready) then waits for it, puts right what it can by the API, and hands out the kubeconfig.
  - What is there and right is left alone.
  - A machine that is lost is replaced where its kubelet is lost too, by its Lease, which lasts 40 seconds; one whose
    kubelet lives is refused. See O(csk_forget).
options:
  name:
    description:
      - The cluster's name; lower-case letters, digits and hyphens, 30 characters at most.
      - Needed, here or in O(settings).
    type: str
  settings:
    description:
      - The cluster's settings as a cluster file has them (C(csk_cluster)), in place of the single options and never
        beside them.
    type: dict
  state:
    description:
      - V(present) records the cluster and makes or starts its master machines.
      - V(ready) waits until all Nodes of a recorded cluster are Ready and the add-ons available, puts labels and taints
        right, ends the bootstrap token, and writes the kubeconfig. The cluster's settings don't matter to it.
      - V(absent) removes every machine, network, folder and ledger row of the cluster.
    type: str
    choices: [present, ready, absent]
    default: present
  confirm:
    description:
      - The cluster's name once more; O(state=absent) needs it.
    type: str
  cluster_type:
    description:
      - Who runs what. V(dedicated) has its masters and its workers for itself. Immutable.
    type: str
    choices: [dedicated]
    default: dedicated
  version:
    description:
      - A minor (its newest patch when the cluster is created) or an exact version. Always a string, so quote it.
      - Needed unless O(state=absent).
    type: str
  provider:
    description:
      - Where the machines come from. V(container) makes them on the local Docker Engine. A provider of another
        collection has its full name, C(namespace.collection.name). Immutable.
      - A provider's own options stand under the last part of its name, as O(container) does. They are immutable.
    type: str
    default: container
  container:
    description:
      - The options of provider V(container). Immutable.
    type: dict
    default: {}
    suboptions:
      data_root:
        description: The folder on the Engine's host that holds the machines' data and the unpacked images.
        type: str
        default: /var/lib/csk
  pool_providers:
    description:
      - The providers that node pools name, where it isn't O(provider); so the options of these may stand here too, and
        networks that are in use at them aren't taken.
    type: list
    elements: str
    default: []
  zones:
    description:
      - The failure domains; masters are spread over them in turn. Immutable from one zone to several and back.
    type: list
    elements: str
    default: [zone-a]
  masters:
    description:
      - How many masters the cluster has. An odd number, so that etcd has a majority when one is lost. Immutable.
    type: int
    default: 3
  network_plugin:
    description:
      - The network plugin. Immutable.
    type: str
    choices: [flannel]
    default: flannel
  flannel_backend:
    description:
      - How flannel carries packets between machines. V(host-gw) is faster, and needs all machines on one network.
        Immutable.
    type: str
    choices: [vxlan, host-gw]
    default: vxlan
  proxy_mode:
    description:
      - How kube-proxy writes its rules. Immutable.
    type: str
    choices: [iptables, nftables]
    default: iptables
  vpc_cidr:
    description:
      - The machines' network. The first free /24 of 172.30.0.0/16 where it isn't given. Immutable.
    type: str
  pod_cidr:
    description:
      - The pods' network. It has to hold a /23 for each of 40 nodes. Immutable.
    type: str
    default: 172.20.0.0/16
  service_cidr:
    description:
      - The services' network. Immutable.
    type: str
    default: 172.21.0.0/20
  endpoint_sans:
    description:
      - More names or addresses for the API server's certificate. They may change at any time; the API servers take
        their new certificates while they serve.
    type: list
    elements: str
    default: []
  registry_mirrors:
    description:
      - Where the nodes pull images from instead of the registry that an image's name says. Immutable.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description: The registry in the image's name, for example V(docker.io).
        type: str
        required: true
      endpoints:
        description: The mirrors' URLs, tried in this order.
        type: list
        elements: str
        required: true
      ca:
        description: The mirrors' CA certificate, as PEM.
        type: str
  proxy:
    description:
      - An HTTP proxy for what the nodes pull. Immutable.
    type: dict
    suboptions:
      http_proxy:
        description: The proxy for HTTP.
        type: str
      https_proxy:
        description: The proxy for HTTPS.
        type: str
      no_proxy:
        description: Names and networks that are reached directly; the cluster's own networks are added.
        type: list
        elements: str
        default: []
  dns_servers:
    description:
      - Name servers for what isn't in the cluster. Those of the Engine's host where none are given.
        Immutable.
    type: list
    elements: str
    default: []
  tags:
    description:
      - Names and values of your own, for people and for inventories. They may change at any time.
    type: dict
    default: {}
  deletion_protection:
    description:
      - Refuses to delete the cluster while it is set.
    type: bool
    default: false
  pools:
    description:
      - The node pools whose workers O(state=ready) waits for. All of them, where it isn't given.
    type: list
    elements: str
  failed:
    description:
      - Workers that O(state=ready) doesn't wait for, because a step on them failed.
    type: list
    elements: str
    default: []
  timeout:
    description:
      - How long O(state=ready) waits, in seconds. Where only workers lack then, the cluster is ready, and they are an
        error.
    type: int
    default: 300
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.forget
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says what would happen, and makes nothing.
    support: full
  diff_mode:
    description: Shows the cluster before and after.
    support: full
seealso:
  - module: csk.kubernetes.csk_nodepool
  - module: csk.kubernetes.csk_cluster_info
"""

EXAMPLES = r"""
- name: Record a cluster and make its masters
  csk.kubernetes.csk_cluster:
    name: demo
    version: "1.36"
    zones: [zone-a, zone-b, zone-c]

- name: Delete it
  csk.kubernetes.csk_cluster:
    name: demo
    state: absent
    confirm: demo
"""

RETURN = r"""
nodes_to_forget:
  description: Workers that a restoration makes anew, whose Nodes in the snapshot aren't theirs.
  returned: when O(state=present), not in check mode
  type: list
  elements: str
cluster:
  description: The cluster as the ledger knows it.
  returned: when state is present or ready, except in check mode of a cluster that isn't there
  type: dict
  sample: {name: demo, version: 1.36.3, endpoint: "https://172.30.0.10:6443", status: ready}
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
kubeconfig:
  description: Where the administrator's kubeconfig is. Never its content.
  returned: when state is present or ready, except in check mode
  type: str
addons_missing:
  description: The add-ons that aren't in the cluster.
  returned: when state is present, except in check mode
  type: list
  elements: str
api_address:
  description: The address of a master whose API server is ready, or will be first.
  returned: when state is present, except in check mode
  type: str
flannel_image:
  description: The image of the network plugin that the release names.
  returned: when state is present, except in check mode
  type: str
steps:
  description: The steps of this run so far, with their seconds.
  returned: when state is ready
  type: list
  elements: dict
  sample: [{title: plan, seconds: 0.9}]
"""
