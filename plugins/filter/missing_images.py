# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter missing_images: what of an image archive a node doesn't have."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.images import missing_images

DOCUMENTATION = r"""
name: missing_images
short_description: Images of an archive that a container runtime doesn't have
version_added: 0.1.0
author: The csk developers (@csk)
description:
  - Compares an archive's C(manifest.json) with what C(crictl images --output json) prints, by name and by the digest of
    the image's configuration.
positional: there
options:
  _input:
    description: The content of the archive's C(manifest.json).
    type: str
    required: true
  there:
    description: What C(crictl images --output json) printed.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Which images are to be loaded?
  ansible.builtin.debug:
    msg: "{{ manifest.stdout | csk.kubernetes.missing_images(images.stdout) }}"
"""

RETURN = r"""
_value:
  description: The names of the images that are missing, or that are another image there.
  type: list
  elements: str
"""


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Give Ansible the filter."""
        return {"missing_images": missing_images}
