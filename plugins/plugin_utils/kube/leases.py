# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Leases by which kubelets say that they live."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

PATH = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
SECONDS = 40  # that a kubelet's Lease lasts, where it doesn't say (pkg/kubelet/apis/config, nodeLeaseDurationSeconds)


def heard(body: str | bytes, date: str) -> dict[str, tuple[str, bool]]:
    """Node -> when its kubelet last renewed its Lease, as the Lease says it, and whether the Lease is over.

    :param body: the API server's list of Leases.
    :param date: the Date of the same answer, so that the controller's clock doesn't matter.
    """
    now = parsedate_to_datetime(date)
    found = {}
    for item in json.loads(body)["items"]:
        renewed = item["spec"].get("renewTime") or ""
        lasts = timedelta(seconds=item["spec"].get("leaseDurationSeconds") or SECONDS)
        found[item["metadata"]["name"]] = renewed, not renewed or datetime.fromisoformat(renewed) + lasts < now
    return found
