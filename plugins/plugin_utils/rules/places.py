# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's machines are at one place of each provider, such as one Docker Engine; elsewhere it isn't worked on."""

from __future__ import annotations

from collections.abc import Collection

from ..core.errors import Problem

_RULE = "a cluster is worked on where its machines are: elsewhere they would count as lost, and a twin could start."


def elsewhere_problem(cluster: str, provider: str, recorded: str, found: str) -> Problem | None:
    """Why a provider's machines of a cluster can't be worked on from here; None where they can.

    :param recorded: the provider's place as the ledger has it; empty: it isn't known.
    :param found: its place now.
    """
    if not recorded or recorded == found:
        return None
    what = f"has the machines of cluster {cluster} at {recorded}, and this run is at {found}."
    fix = (
        "run the playbook there; if that place is gone, or is this one now (its Engine was installed anew), say so by "
        f"-e csk_moved={cluster}."
    )
    return Problem(f"provider {provider}", what, _RULE, fix)


def unseen_problem(cluster: str, provider: str, found: str, lost: Collection[str]) -> Problem | None:
    """The same of a cluster whose place an earlier csk didn't record, and of which nothing is here.

    :param lost: its machines that were ready once.
    """
    if not lost:
        return None
    what = f"has nothing of cluster {cluster} at {found}, and the ledger doesn't know where its machines are."
    fix = f"run the playbook where they are; if they were here, and are lost, say so by -e csk_moved={cluster}."
    return Problem(f"provider {provider}", what, _RULE, fix)
