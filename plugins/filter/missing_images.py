# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter missing_images: what of an image archive a node doesn't have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

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


def missing_images(manifest: str, there: str) -> list[str]:
    """Names of the archive's images that aren't there, or that name another image there.

    :param manifest: the archive's manifest.json, as ``docker save`` writes it.
    :param there: JSON of ``crictl images``.
    """
    found = {
        (tag, image["id"].removeprefix("sha256:")) for image in json.loads(there)["images"] for tag in image["repoTags"]
    }
    entries = json.loads(manifest)
    wanted = {(_full(tag), PurePosixPath(entry["Config"]).stem) for entry in entries for tag in _tags(entry)}
    return sorted(tag for tag, _digest in wanted - found)


def _tags(entry: dict[str, Any]) -> list[str]:
    return entry.get("RepoTags") or []


def _full(name: str) -> str:
    """As containerd has it: ``shop:1`` becomes ``docker.io/library/shop:1``, ``me/shop:1`` ``docker.io/me/shop:1``."""
    first, slash, _rest = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


class FilterModule:
    """Ansible's way to find filters."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Give Ansible the filter."""
        return {"missing_images": missing_images}
