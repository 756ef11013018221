# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API server says where it refuses something."""

from __future__ import annotations

import json
from typing import Any


def refusal(body: str | bytes | None) -> str:
    """The message of a refusal's body (a Status): of a budget what it needs, and what there is; empty where none is."""
    try:
        status: dict[str, Any] = json.loads(body or "")
        causes = [cause["message"] for cause in (status.get("details") or {}).get("causes") or []]
        return "; ".join(causes) or status["message"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def said(error: Exception) -> str:
    """A failed request in one line: the API's own message, else its reason, else what the connection says."""
    text = refusal(getattr(error, "body", None))
    status, reason = getattr(error, "status", None), getattr(error, "reason", None)
    if not text and status:
        text = f"{reason or 'it answers'} ({status})"
    lines = (text or str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
