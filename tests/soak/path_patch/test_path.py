# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A newer patch and then a minor, by a path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.paths import go
from support.playbooks import Playbooks


def test_a_way(playbooks: Playbooks, echo: Path, note: Callable[[str, str], None]) -> None:
    go(playbooks, echo, note, "1.36.1", ["1.36.3", "1.37"])
