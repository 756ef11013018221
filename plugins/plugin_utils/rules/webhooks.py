# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which admission webhooks keep nodes from being emptied, or pods from coming back. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core.observed import Webhook

_PODS = {"pods", "*", "*/*"}
_EVICTIONS = {"pods/eviction", "pods/*", "*/eviction", "*/*"}


def in_the_way(webhooks: Iterable[Webhook]) -> list[tuple[Webhook, str]]:
    """Those that fail closed while nothing serves them, each with what it keeps from happening.

    Whether the service behind a URL answers can't be seen from here.
    """
    found = []
    for webhook in webhooks:
        kept = [what for what, names in (("pods are made", _PODS), ("pods are evicted", _EVICTIONS))
                if _asked(webhook.asked_for, names)]  # fmt: skip
        if webhook.closed and webhook.service and not webhook.ready and kept:
            found.append((webhook, " and ".join(kept)))
    return found


def _asked(requests: Sequence[tuple[str, str, str]], resources: set[str]) -> bool:
    """Whether a webhook is asked when something of the core group's resources is created."""
    return any(
        group in ("", "*") and resource in resources and operation in ("CREATE", "*")
        for group, resource, operation in requests
    )
