# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When certificates end, and which are for other names than they should be."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.control_planes.stacked import certificates
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import Cluster, Machine

DAY = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (date(2027, 1, 24), []),  # 61 days
        (date(2027, 1, 23), ["certificate CA: ends on 2027-01-23."]),  # 60
        (date(2026, 11, 24), ["certificate CA: ends on 2026-11-24."]),
        (date(2026, 11, 23), ["certificate CA: ended on 2026-11-23."]),
    ],
)
def test_certificates_that_end_soon(end, said):
    assert certificates.soon({"CA": end}, date(2026, 11, 24)) == said


CLUSTER = Cluster(
    "id", "demo", "default", "1.36.3", {"service_cidr": "172.21.0.0/20"}, "ready", "", "172.30.0.10", "", DAY
)
MASTER = Machine("demo", "master-1", "master", None, "a", "172.30.0.11", "create", DAY, "ready")
KUBEADMS = (
    "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "master-1",
    "localhost", "172.21.0.1", "172.30.0.10", "172.30.0.11", "127.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "sans", "old"),
    [
        ([], [], False),
        (["api.example"], ["api.example"], False),
        (["api.example"], ["API.example"], False),
        (["api.example", "10.0.0.1"], ["10.0.0.1", "api.example"], False),
        ([], ["api.example"], True),  # one more is wanted
        (["api.example"], [], True),  # one less
        (["api.example"], ["api.other"], True),
        ([], ["localhost"], False),  # it is there anyway
        (["kubernetes.example"], [], True),
    ],
)
def test_certificates_that_are_for_other_names(names, sans, old):
    seen = {"master-1": certificates.Shown(date(2027, 1, 1), frozenset([*KUBEADMS, *names]))}
    assert certificates.outdated(CLUSTER, [MASTER], seen, sans) == ([MASTER] if old else [])
    assert certificates.outdated(CLUSTER, [MASTER], {}, sans) == []
