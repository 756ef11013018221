# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and labels of what a cluster has on the Engine."""

from __future__ import annotations

import re
from typing import Any

from ...core.errors import CskError, Problem

LABEL_CLUSTER = "csk.dev/cluster"
LABEL_ID = "csk.dev/cluster-id"
LABEL_MACHINE = "csk.dev/machine"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def container_name(cluster: str, name: str) -> str:
    """The name of a machine's container."""
    return f"{cluster}.{name}"


def network_name(cluster: str) -> str:
    """The name of a cluster's network."""
    return f"csk-{cluster}"


def address_of(endpoint: dict[str, Any]) -> str:
    """The fixed address of a container's endpoint on a network, or the one that it happens to have."""
    return (endpoint.get("IPAMConfig") or {}).get("IPv4Address") or endpoint.get("IPAddress") or ""


def check_names(*names: str) -> None:
    """Names become paths and container names: nothing but DNS labels gets through, or CskError."""
    for name in names:
        if not _NAME.fullmatch(name):
            raise CskError(
                Problem(
                    f"name {name!r}",
                    "it isn't a DNS label.",
                    "a-z, 0-9 and -, at most 63 characters.",
                    "choose another name.",
                )
            )


def check_id(what: str, cluster: str, labels: dict[str, str], cluster_id: str) -> None:
    """Whether an object that has a cluster's name is that cluster's."""
    if labels.get(LABEL_ID) != cluster_id:
        raise CskError(
            Problem(
                what,
                f"it belongs to another cluster {cluster}, id {labels.get(LABEL_ID)} (wanted: {cluster_id}).",
                "two clusters on one Engine have two names.",
                "choose another name, or delete that cluster from where it was made.",
            )
        )
