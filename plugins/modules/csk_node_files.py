# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_node_files; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_node_files
short_description: Writes a cluster's files onto a node
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Takes the names of files, and writes what the ledger has for them on the target host, as root, in one step.
  - Keys and tokens are never in a result, a host variable or a command line; the result holds paths and digests.
  - The first files come with a mark, C(/etc/csk/node), which says which node of which cluster the host is. A host with
    another mark is refused; one without a mark that is a node already is known by its CA and its name, and gets one.
options:
  cluster:
    description:
      - The cluster's name.
    type: str
    required: true
  node:
    description:
      - The machine's name in its cluster.
    type: str
    required: true
  files:
    description:
      - What to write. V(pki) are the CAs with their keys and the key of the service accounts; V(bootstrap), V(init),
        V(upgrade) and V(join) are kubeadm's configurations; V(endpoint) is keepalived's configuration, V(network) the
        CNI plugins', V(registries) containerd's.
      - V(release) is what an upgrade in place installs beside binaries and images, in a folder of its own.
      - V(restore) is the program that makes a master's data of etcd from a snapshot.
      - V(temporary) takes away kubeadm's configurations and the bootstrap administrator's kubeconfig; V(pod_range)
        takes away the CNI configuration, and the range it was made for, of a Node that has to register anew.
    type: list
    elements: str
    choices:
      - pki
      - bootstrap
      - init
      - certificates
      - upgrade
      - release
      - restore
      - join
      - endpoint
      - network
      - registries
      - temporary
      - pod_range
    required: true
  mtu:
    description:
      - The MTU of the machines' network, in bytes. The provider knows it where it isn't given.
    type: int
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says which files would change.
    support: full
  diff_mode:
    description: The files hold secrets.
    support: none
"""

EXAMPLES = r"""
- name: Write what a master starts with
  csk.kubernetes.csk_node_files:
    cluster: demo
    node: master-1
    files: [pki, bootstrap]
"""

RETURN = r"""
files:
  description: The mark and the files with their digests; the digest is null where the file is to be absent.
  returned: success
  type: list
  elements: dict
  sample: [{path: /etc/kubernetes/pki/ca.crt, sha256: 0f3c, changed: true}]
"""
