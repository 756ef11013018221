# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run was given: by a module's options, or else by the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..core.errors import CskError, Problem
from ..rules.quotas import Quotas
from .catalogue import RELEASES


@dataclass(frozen=True)
class Given:
    """What the options of the csk_* modules that begin with ``csk_`` say, or else the environment.

    :param ledger_url: of a PostgreSQL database; it may hold a password, so it is in no ``repr``.
    :param catalogue: a folder of release files.
    :param today: the date of the catalogue's rules.
    :param take_over: whether a lock may be taken over from a run elsewhere.
    :param forgotten: machines that are off for certain, as the user says.
    """

    home: Path
    ledger_url: str | None = field(repr=False)
    catalogue: Path
    today: date
    quotas: Quotas
    take_over: bool = False
    forgotten: frozenset[str] = frozenset()

    @classmethod
    def of(cls, values: dict[str, Any]) -> Given:
        """The options among a module's arguments; each of them may be absent.

        :raises CskError: for a date or a quota that isn't one.
        """
        env = os.environ
        return cls(
            home=Path(values.get("csk_home") or env.get("CSK_HOME") or "~/.csk").expanduser(),
            ledger_url=values.get("csk_ledger_url") or env.get("CSK_LEDGER_URL") or None,
            catalogue=Path(values.get("csk_catalogue") or env.get("CSK_CATALOGUE") or RELEASES).expanduser(),
            today=_date(values.get("csk_today")),
            quotas=Quotas.of(values.get("csk_quotas")),
            take_over=bool(values.get("csk_take_over")),
            forgotten=frozenset(values.get("csk_forget") or []),
        )


def _date(text: str | None) -> date:
    if text is None:
        return datetime.now().astimezone().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        rule = "a date is YYYY-MM-DD."
        raise CskError(Problem("csk_today", f"{text!r} isn't a date.", rule, "write it like 2026-11-24.")) from None
