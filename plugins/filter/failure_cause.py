# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter failure_cause: what a failed task on a machine failed by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.causes import failure_cause

DOCUMENTATION = r"""
name: failure_cause
short_description: What a failed task on a machine failed by
version_added: 0.1.0
author: The csk developers (@csk)
description:
  - Gives the lines that say what was wrong; kubeadm's last line never does.
positional: journal
options:
  _input:
    description: The result of the task, as C(ansible_failed_result) is.
    type: dict
    required: true
  journal:
    description: What the machine's kubelet wrote into its journal; its last error is told where kubeadm failed.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Join
  block:
    - name: Join the worker
      ansible.builtin.command: kubeadm join --config join.yaml
  rescue:
    - name: Tell the cause
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result | csk.kubernetes.failure_cause }}"
"""

RETURN = r"""
_value:
  description: The cause, in one line.
  type: str
"""


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[[dict[str, Any], str], str]]:
        """Give Ansible the filter."""
        return {"failure_cause": failure_cause}
