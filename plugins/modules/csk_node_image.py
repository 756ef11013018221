# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_node_image; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_node_image
short_description: Makes the image that the node containers of a release boot
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Makes a Debian or Ubuntu tree by debootstrap on the Docker Engine's host, starts a build machine from it, and keeps
    what role P(csk.kubernetes.node#role) has made of that machine as image C(csk-node:RELEASE) and as store of unpacked
    images.
  - Role P(csk.kubernetes.node_image#role) and the playbook C(csk.kubernetes.node_image) call it in the right order.
  - Nothing is done where the image and the store are those that the artifacts, the roles and these options would give.
options:
  version:
    description:
      - A minor (its newest patch) or an exact version of the release files. Always a string, so quote it.
      - Not needed for O(state=base).
    type: str
  state:
    description:
      - V(base) makes the tree. It needs no artifacts, so it can run while they are built.
      - V(building) starts the build machine, from the tree, if the image or the store has to be made.
      - V(present) stops the build machine and makes image and store from it.
    type: str
    choices: [base, building, present]
    required: true
  base_image:
    description:
      - An image of the Engine to start from instead of a tree; it has to boot systemd and to have Python.
    type: str
    default: ""
  mirror:
    description:
      - Where the tree comes from. As apt on the Engine's host is configured, where it isn't given.
    type: str
    default: ""
  suite:
    description:
      - The distribution's release. As apt on the Engine's host is configured, where it isn't given; but C(bookworm) for
        Debian on cgroup v1, which later ones refuse.
    type: str
    default: ""
  packages:
    description:
      - Packages that the tree has beyond the smallest system.
    type: list
    elements: str
    required: true
  provider:
    description:
      - The provider whose machines start from the image, as in M(csk.kubernetes.csk_cluster).
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
    description: Says what would be made.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
"""

EXAMPLES = r"""
- name: Make the tree while the artifacts are built
  csk.kubernetes.csk_node_image:
    state: base
    packages: [systemd-sysv, python3]
"""

RETURN = r"""
release:
  description: The exact Kubernetes version.
  type: str
  returned: O(state=building) and O(state=present)
machine:
  description:
    - The build machine for M(csk.kubernetes.csk_host), with what role node needs; empty where nothing is to be built.
  type: dict
  returned: O(state=building)
"""
