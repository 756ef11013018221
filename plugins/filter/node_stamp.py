# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter node_stamp, for role node."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ansible.errors import AnsibleFilterError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.tree import node_stamp

DOCUMENTATION = r"""
name: node_stamp
short_description: What /etc/csk/node-release of a node says
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Tells what a node is made from, as one line of JSON with the release, the digest of its artifacts, and the digest of
    a role's files.
positional: artifacts, role
options:
  _input:
    description: The exact Kubernetes version.
    type: str
    required: true
  artifacts:
    description: The directory of the release's artifacts on the controller.
    type: path
    required: true
  role:
    description: The directory of the role that makes the node.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Say what a node of this release is made from
  ansible.builtin.debug:
    msg: "{{ '1.36.3' | csk.kubernetes.node_stamp('/home/me/.csk/artifacts/releases/1.36.3', role_path) }}"
"""

RETURN = r"""
_value:
  description: One line of JSON, with its end of line.
  type: str
"""


def stamp(release: str, artifacts: str, role: str) -> str:
    """The stamp of a node; see plugin_utils.core.tree."""
    try:
        return node_stamp(release, Path(artifacts).expanduser(), Path(role))
    except CskError as err:
        raise AnsibleFilterError(str(err)) from err


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"node_stamp": stamp}
