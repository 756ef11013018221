# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_load_image; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_load_image
short_description: Loads the images of an archive into a node's container runtime
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Takes what C(docker save), C(docker buildx build --output type=docker) or C(type=oci), and C(skopeo copy) to
    C(docker-archive) or C(oci-archive) write, as it is or compressed by gzip, bzip2, xz or zstd; with several images,
    and for several platforms.
  - Every image is loaded by its whole name, such as C(docker.io/library/shop:1.2); one that has none is refused,
    because no pod could name it.
  - The archive is copied to the node's disk, never to its memory, and goes when it was read. A node that has the same
    images by the same names is left alone.
options:
  state:
    description:
      - V(read) says which images the archive holds; no host is asked.
      - V(present) brings them into the container runtime of the target host, as root, pinned.
      - V(kept) keeps the archive in csk_home for the machines that the cluster gets later; V(forgotten) no longer.
        No host is asked.
    type: str
    choices: [read, present, kept, forgotten]
    default: present
  archive:
    description:
      - The archive on the controller; with O(state=forgotten) there is none.
    type: path
  name:
    description:
      - With O(state=read), the name that the archive's image gets in place of its own.
      - With O(state=forgotten), the image's whole name.
    type: str
  cluster:
    description:
      - With O(state=kept) and O(state=forgotten), the cluster's name.
    type: str
  nodes:
    description:
      - With O(state=kept), the machines that have the images; where it is empty, all of the cluster.
    type: list
    elements: str
    default: []
  images:
    description:
      - What O(state=read) returned.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: Says which images are missing.
    support: full
  diff_mode:
    description: There is nothing to show beyond names.
    support: none
"""

EXAMPLES = r"""
- name: Read the archive
  csk.kubernetes.csk_load_image:
    state: read
    archive: shop.tar
  delegate_to: localhost
  register: read

- name: Load it
  csk.kubernetes.csk_load_image:
    archive: shop.tar
    images: "{{ read.images }}"

- name: New machines of the cluster don't get it any more
  csk.kubernetes.csk_load_image:
    state: forgotten
    cluster: demo
    name: docker.io/library/shop:1.2
"""

RETURN = r"""
images:
  description: The archive's images, each with its names, and with the digests of its configurations by platform.
  returned: when state is read
  type: list
  elements: dict
  sample: [{names: ["docker.io/library/shop:1.2"], configs: {linux/amd64: "sha256:0f3c"}}]
archive:
  description: The archive that was read.
  returned: when state is read
  type: str
loaded:
  description: The names that the node lacked.
  returned: when state is present
  type: list
  elements: str
"""
