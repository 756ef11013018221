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
  - Says which exact version a minor stands for, whether clusters of it may be created and operated on a date and until
    when, and to which versions they may be upgraded, from when and until when.
options:
  version:
    description:
      - A minor or an exact version. All minors of the catalogue where it isn't given.
    type: str
  upgrade_to:
    description:
      - A minor or an exact version that a cluster of O(version) would be upgraded to.
    type: str
extends_documentation_fragment:
  - csk.kubernetes.csk
  - csk.kubernetes.csk.attributes
  - csk.kubernetes.csk.info
"""

EXAMPLES = r"""
- name: May 1.36 be created on this day?
  csk.kubernetes.csk_version:
    version: "1.36"
    csk_today: "2026-12-01"

- name: By which way does 1.34 come to 1.37?
  csk.kubernetes.csk_version:
    version: "1.34"
    upgrade_to: "1.37"
"""

RETURN = r"""
versions:
  description: Each version with what may be done with it.
  returned: success
  type: list
  elements: dict
  contains:
    version: {type: str, description: The exact version.}
    minor: {type: str, description: Its minor.}
    status: {type: str, description: "One of V(unreleased), V(creatable), V(operated) and V(unsupported)."}
    create: {type: bool, description: Whether clusters of it may be created.}
    create_until: {type: str, description: The last day for that; empty while the catalogue has no two newer minors.}
    operate: {type: bool, description: Whether it is supported.}
    operate_until: {type: str, description: The last day for that; empty while the catalogue has no four newer minors.}
    reason: {type: str, description: The rule and the dates where it may not be created.}
    warnings: {type: list, elements: str, description: "What to see to, though it is allowed."}
    released: {type: str, description: The day of the minor's release.}
    valid_until: {type: str, description: The last day on which clusters of it can be upgraded.}
    upgrades:
      description: To the newest patch of its minor, and of the next one. Each as one of RV(upgrade.steps).
      type: list
      elements: dict
upgrade:
  description: What stands between O(version) and O(upgrade_to).
  returned: when O(upgrade_to) is given
  type: dict
  contains:
    source: {type: str, description: The exact version that the upgrade starts from.}
    target: {type: str, description: The exact version that it goes to.}
    allowed: {type: bool, description: Whether one upgrade may do it on the date.}
    reason: {type: str, description: "The rule, the dates or the way, where it may not."}
    steps:
      description: The way, one minor at a time.
      type: list
      elements: dict
      sample: [{source: 1.36.3, target: 1.37.2, allowed: true, reason: "",
                allowed_from: "2026-11-18", allowed_until: "2027-07-07"}]
"""
