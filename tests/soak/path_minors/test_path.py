# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two minors, one after the other, by a path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.paths import go
from support.playbooks import Playbooks


def test_a_way(playbooks: Playbooks, echo: Path, note: Callable[[str, str], None]) -> None:
    go(
        playbooks,
        echo,
        note,
        "1.35.4",
        ["1.36", "1.37"],
        ["one minor at a time: 1.35.4 -> 1.36.3 -> 1.37.2", "path: [1.36, 1.37]"],
    )
