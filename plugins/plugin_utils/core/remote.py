# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that a task runs on, as work sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Answer:
    """What a command on a host answered; ``rc`` is None where it couldn't be run at all."""

    rc: int | None
    stdout: str
    stderr: str


def unreachable(variables: Mapping[str, Any], command: str) -> Answer:
    """The answer of a machine where a run has no way to any."""
    del variables, command
    return Answer(None, "", "")


class Remote(Protocol):
    """The way to a host."""

    @property
    def python(self) -> str:
        """The Python interpreter there."""

    def run(self, command: str, text: str = "") -> Answer:
        """Run a command there as root, with a text as its standard input."""

    def put(self, source: str, path: str) -> None:
        """Copy a file of the controller to there, in constant memory, as the connection's user."""

    def fetch(self, path: str, target: str) -> None:
        """Copy a file from there into one of the controller."""

    def send(self, source: str, path: str) -> None:
        """Copy a file of the controller there, for root alone."""
