# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quotas of an account (design.md §5): values, what breaks them, and what is used of them. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import CskError, Problem


@dataclass(frozen=True)
class Quotas:
    """What an account may have.

    :param clusters: dedicated and managed ones together.
    :param nodes: of one cluster, masters counted.
    """

    clusters: int = 10
    nodes: int = 40

    @classmethod
    def of(cls, given: dict[str, Any] | None) -> Quotas:
        """The quotas that a configuration raises or lowers.

        :param given: the option csk_quotas; what isn't there keeps its default.
        :raises CskError: for a quota that isn't a positive number.
        """
        chosen = {key: value for key, value in (given or {}).items() if value is not None}
        problems = [
            Problem(f"csk_quotas.{key}", f"is {value}.", "a quota is 1 or more.", "give a number, or leave it out.")
            for key, value in chosen.items()
            if value < 1
        ]
        if problems:
            raise CskError(problems)
        return cls(**chosen)


def clusters_problem(have: int, quota: int) -> Problem | None:
    """Why an account may not have one cluster more, if so."""
    if have < quota:
        return None
    what = f"there are {have} clusters in the account already."
    rule = f"an account has at most {quota} dedicated and managed clusters."
    return Problem("csk_cluster.name", what, rule, "delete one that isn't needed, or raise csk_quotas.clusters.")


def nodes_problem(masters: int, workers: int, quota: int, where: str = "csk_nodepools") -> Problem | None:
    """Why a cluster may not have so many nodes, if so."""
    if masters + workers <= quota:
        return None
    what = f"asks for {workers} workers beside {masters} masters."
    rule = f"a cluster has at most {quota} nodes, masters counted."
    fix = f"ask for at most {max(quota - masters, 0)} workers, or raise csk_quotas.nodes."
    return Problem(where, what, rule, fix)
