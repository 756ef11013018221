# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an earlier csk recorded, as it is written now. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ..core.models import FIRST_ROUTER_ID

# option of csk_cluster -> where it stands now
MOVED = {"data_root": "container.data_root"}
# Completes recorded settings: of csk_cluster or csk_nodepool, and what was recorded.
Complete = Callable[[str, dict[str, Any]], dict[str, Any]]


def as_it_is(_module: str, recorded: dict[str, Any]) -> dict[str, Any]:
    """Completes nothing."""
    return recorded


def settings_now(spec: dict[str, Any]) -> dict[str, Any]:
    """A cluster's recorded settings as csk writes them now."""
    moved = {old: new for old, new in MOVED.items() if old in spec}
    now = {key: value for key, value in spec.items() if key not in moved}
    for old, new in moved.items():
        group, _dot, key = new.partition(".")
        now[group] = {key: spec[old]} | (now.get(group) or {})
    return now


def same_record(one: Mapping[str, str] | None, other: Mapping[str, str] | None, complete: Complete) -> bool:
    """Whether two records of a cluster's own (ConfigMap ``kube-system/csk-cluster``) say the same."""
    return one == other or (one is not None and other is not None and _plain(one, complete) == _plain(other, complete))


def _plain(record: Mapping[str, str], complete: Complete) -> dict[str, Any]:
    try:
        pools = {name: complete("csk_nodepool", spec) for name, spec in json.loads(record["nodepools"]).items()}
        spec = complete("csk_cluster", settings_now(json.loads(record["spec"])))
        return {"router_id": str(FIRST_ROUTER_ID)} | dict(record) | {"spec": spec, "nodepools": pools}
    except (KeyError, TypeError, ValueError, AttributeError):  # somebody's own hand was in it
        return dict(record)
