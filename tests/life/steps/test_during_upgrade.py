# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was watched while the upgrade went on, each by itself."""

from __future__ import annotations

import pytest

from life.story import Life, watches


@pytest.mark.parametrize("name", watches())
def test_it_was_well(life: Life, name: str) -> None:
    if name not in life.watched:
        pytest.skip("it is seen in an upgrade only: make life")
    wrong = life.watched[name]
    if wrong:
        raise wrong
