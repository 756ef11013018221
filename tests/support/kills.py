# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed at a moment of their output."""

from __future__ import annotations

import re
import time
from typing import Any

from .cluster import TestCluster
from .playbooks import kill


def interrupt(
    cluster: TestCluster, playbook: str, line: str, later: float, file: dict[str, Any] | None = None, **variables: str
) -> bool:
    """Start a playbook and kill it at that moment; False where it ended before, because that was done already."""
    file = file or (cluster.file if playbook == "create" else None)
    with cluster.playbooks.started(playbook, file=file, **variables) as process:
        assert process.stdout is not None
        text = ""
        for said in process.stdout:
            text += said
            if re.search(line, said):
                time.sleep(later)
                kill(process)
                return True
        assert process.wait() == 0, text
    return False
