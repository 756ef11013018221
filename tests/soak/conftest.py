# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every suite is run by itself, may make a cluster of the same kind, and ends with a table of what it saw."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.fixtures import both, cluster, echo, healthy, namespace, playbooks
from support.upgrades import old, service

__all__ = ["both", "cluster", "echo", "healthy", "namespace", "old", "playbooks", "service"]

_SEEN: list[tuple[str, str]] = []


@pytest.fixture(scope="session")
def note() -> Callable[[str, str], None]:
    """Puts a line into the table at the end: what was done, and what was seen."""
    return lambda what, seen: _SEEN.append((what, seen))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table."""
    terminalreporter.section("soak")
    for what, seen in _SEEN:
        terminalreporter.write_line(f"{what:<58} {seen}")
