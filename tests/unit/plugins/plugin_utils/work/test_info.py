# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What information about a cluster says of its version on a date."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import info

SHIPPED = catalogue.load(catalogue.RELEASES)


@pytest.mark.parametrize(
    ("version", "today", "status", "warned", "upgrades"),
    [
        ("1.36.1", date(2026, 11, 17), "creatable", False, [("1.36.3", True), ("1.37.2", False)]),
        ("1.36.1", date(2026, 11, 18), "creatable", False, [("1.36.3", True), ("1.37.2", True)]),
        ("1.34.4", date(2026, 12, 9), "operated", True, [("1.35.4", True)]),
        ("1.34.4", date(2026, 12, 10), "operated", True, [("1.35.4", False)]),
        ("1.37.2", date(2026, 11, 24), "creatable", False, []),
        ("1.36.2", date(2026, 11, 24), "unknown", True, []),
        ("1.30.1", date(2026, 11, 24), "unknown", True, []),
    ],
)
def test_a_versions_status(version, today, status, warned, upgrades):
    found = info.version_status(SHIPPED, version, today)
    assert (found["status"], bool(found["warnings"])) == (status, warned)
    assert [(step["target"], step["allowed"]) for step in found["upgrades"]] == upgrades
