# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a workload's pods aren't there: what its own conditions, its pods and the events about them say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..core.names import ADDONS
from .answers import said

if TYPE_CHECKING:
    from .node_api import NodeApi

# A workload that has just been made isn't available for a while, and that has no cause.
PATIENCE_SECONDS = 10
ROUND_SECONDS = 5
LONGEST = 300  # characters of a cause
_ORDINARY = {"ContainerCreating", "PodInitializing"}


class AddonCauses:
    """The causes of what is waited for, asked for again every few seconds only."""

    def __init__(self, api: NodeApi) -> None:
        self._api = api
        self._began = time.monotonic()
        self._known: dict[str, tuple[float, str]] = {}

    def of(self, addon: str) -> str:
        """Why an add-on isn't available, in brackets; empty where nothing says so, or it is too early to ask."""
        now = time.monotonic()
        if now - self._began < PATIENCE_SECONDS:
            return ""
        asked, cause = self._known.get(addon, (0.0, ""))
        if now - asked > ROUND_SECONDS:
            try:
                cause = self._api.workload_cause(*ADDONS[addon])
            except self._api.errors as error:
                cause = said(error)
            cause = f" ({cause})" if cause else ""
            self._known[addon] = (time.monotonic(), cause)
        return cause


def condition_cause(conditions: list[Any] | None) -> str:
    """Why a Deployment can't make its pods."""
    return next(
        (c.message or c.reason for c in conditions or [] if c.type == "ReplicaFailure" and c.status == "True"), ""
    )


def pod_cause(pod: Any) -> str:
    """Why a pod (V1Pod) doesn't run or isn't ready; empty where it says nothing."""
    for condition in pod.status.conditions or []:
        if condition.type == "PodScheduled" and condition.status == "False":
            return f"{pod.metadata.name}: {condition.message or condition.reason}"
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    for status in statuses:
        waiting = status.state.waiting if status.state else None
        if waiting and waiting.reason not in _ORDINARY:
            last = status.last_state.terminated if status.last_state else None
            ended = f", exit code {last.exit_code}" if last else ""
            return f"{pod.metadata.name}: {': '.join(filter(None, (waiting.reason, waiting.message)))}{ended}"
    return ""


def event_cause(events: list[Any], name: str) -> str:
    """The newest warning about an object, or about one whose name begins with its name."""
    mine = [e for e in events if e.type == "Warning" and f"{e.involved_object.name}-".startswith(f"{name}-")]
    newest = max(mine, key=_moment, default=None)
    return f"{newest.involved_object.name}: {newest.message}" if newest else ""


def _moment(event: Any) -> str:
    return str(event.last_timestamp or event.event_time or event.metadata.creation_timestamp)
