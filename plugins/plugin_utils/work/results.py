# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tasks' results show."""

from __future__ import annotations

from typing import Any

from ..core.models import Cluster
from ..core.names import PORT


def diff(before: Any, after: Any, header: str) -> dict[str, Any]:
    """A diff of two structures, as Ansible shows it."""
    import yaml

    def text(value: Any) -> str:
        return yaml.safe_dump(value, sort_keys=True) if value else ""

    return {"before": text(before), "after": text(after), "before_header": header, "after_header": header}


def cluster_result(cluster: Cluster) -> dict[str, Any]:
    """A recorded cluster as a result shows it; the etcd token stays out."""
    return {
        "name": cluster.name,
        "id": cluster.id,
        "status": cluster.status,
        "version": cluster.version,
        "vpc_cidr": cluster.vpc_cidr,
        "endpoint": f"https://{cluster.endpoint}:{PORT}",
        "created_at": cluster.created_at.isoformat(),
        "settings": cluster.spec,
        "restore_from": cluster.restore_from,
    }
