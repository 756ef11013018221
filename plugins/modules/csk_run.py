# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_run; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_run
short_description: Refuses to do a part of a playbook
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - The first task of csk's playbooks. Fails where C(--limit), C(--tags) or C(--skip-tags) leave out something that the
    playbook needs; Ansible itself would skip that, say nothing, and end with 0.
  - The task needs the tag V(always). The play's tags, which are those of its C(import_playbook), are the tags of all
    other tasks. A playbook that was imported with tags of its own may be left out as a whole.
  - Which hosts a play has is Ansible's to say before any task; P(csk.kubernetes.whole_run#filter) judges that.
options:
  clusters:
    description:
      - The clusters whose machines the playbook works on, those that it makes among them. What is empty doesn't count.
    type: list
    elements: str
    default: []
  hosts:
    description:
      - Other hosts that it takes into the run.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
  - csk.kubernetes.csk.info
seealso:
  - plugin: csk.kubernetes.whole_run
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See that nothing is left out of the run
  csk.kubernetes.csk_run:
    clusters: [demo]
  tags: always
"""

RETURN = r"""
started:
  description: When the playbook began, in seconds since the epoch; nothing where ansible-playbook began with it.
  returned: success
  type: float
"""
