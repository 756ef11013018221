# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that tell what is wrong, where, by which rule, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    :param where: the variable or object, as the user wrote it, for example ``csk_cluster.pod_cidr``.
    :param what: what is wrong there, with the value.
    :param rule: the rule that it breaks.
    :param fix: what to do.
    """

    where: str
    what: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} Rule: {self.rule} Do: {self.fix}"


class CskError(Exception):
    """All the problems of one request, told together.

    :param details: what else the failed task's result and the log of operations say.
    """

    def __init__(self, problems: Problem | Sequence[Problem], details: dict[str, Any] | None = None) -> None:
        self.details = details or {}
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(f"- {problem}" for problem in self.problems))

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return str(self.problems[0])
        return f"{len(self.problems)} problems:\n{super().__str__()}"
