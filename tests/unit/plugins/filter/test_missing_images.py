# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter missing_images."""

from __future__ import annotations

from ansible_collections.csk.kubernetes.plugins.filter.missing_images import FilterModule
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.images import missing_images


def test_ansible_finds_it():
    assert FilterModule().filters() == {"missing_images": missing_images}
