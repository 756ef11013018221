# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter whole_run: the host of a playbook's first play, where the command line leaves it in the run."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.csk.kubernetes.plugins.plugin_utils.entry.command_line import whole_run

DOCUMENTATION = r"""
name: whole_run
short_description: The host of a playbook's first play
version_added: 0.1.0
author: The csk developers (@csk)
description:
  - For C(hosts) of a playbook's first play. Fails where C(--limit) leaves the host out, where C(--skip-tags) names
    V(always) so that no task of the play can judge the rest, and where C(--start-at-task) begins a playbook of csk's in
    its middle.
  - Without it Ansible skips the play, and all other plays of that host, and ends with 0.
positional: groups
options:
  _input:
    description: The host's name.
    type: str
    required: true
  groups:
    description: The groups of the run's inventory, as the variable of this name has them.
    type: dict
    required: true
seealso:
  - module: csk.kubernetes.csk_run
"""

EXAMPLES = r"""
- name: See that nothing is left out of the run
  hosts: "{{ 'localhost' | csk.kubernetes.whole_run(groups) }}"
  gather_facts: false
  tasks:
    - name: See that nothing is left out of the run
      csk.kubernetes.csk_run:
        clusters: [demo]
      tags: always
"""

RETURN = r"""
_value:
  description: The host's name.
  type: str
"""


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Give Ansible the filter."""
        return {"whole_run": whole_run}
