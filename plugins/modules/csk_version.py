# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of csk_version; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: csk_version
short_description: Resolves a version and judges it by the catalogue
version_added: 0.1.0
author:
  - The csk developers (@csk)
description:
  - Says which exact version a minor stands for, and whether clusters of it may be created on a date.
options:
  version:
    description:
      - A minor or an exact version. All minors of the catalogue where it isn't given.
    type: str
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
attributes:
  check_mode:
    description: It never changes anything.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: May 1.36 be created on this day?
  csk.kubernetes.csk_version:
    version: "1.36"
    csk_today: "2026-12-01"
"""

RETURN = r"""
versions:
  description: Each version with what may be done with it.
  returned: success
  type: list
  elements: dict
  sample: [{version: 1.36.3, minor: "1.36", status: creatable, create: true, operate: true, reason: "",
            released: "2026-07-08", valid_until: "2027-07-07", warnings: []}]
"""
