# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which webhooks are in the way of pods and evictions."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.observed import Webhook
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import webhooks

PODS = ("", "pods", "CREATE")


@pytest.mark.parametrize(
    ("asked", "more", "kept"),
    [
        ([PODS], {}, "pods are made"),
        ([("", "pods/eviction", "CREATE")], {}, "pods are evicted"),
        ([PODS, ("", "pods/eviction", "*")], {}, "pods are made and pods are evicted"),
        ([("*", "*/*", "*")], {}, "pods are made and pods are evicted"),
        ([("*", "*", "*")], {}, "pods are made"),  # a star alone is no subresource
        ([("", "pods/*", "CREATE")], {}, "pods are evicted"),
        ([("", "pods", "UPDATE")], {}, None),
        ([("apps", "pods", "CREATE")], {}, None),
        ([("", "services", "CREATE")], {}, None),
        ([PODS], {"closed": False}, None),
        ([PODS], {"ready": 1}, None),
        ([PODS], {"service": ""}, None),
    ],
)
def test_in_the_way(asked, more, kept):
    values = {"closed": True, "service": "policy/gate", "ready": 0} | more
    webhook = Webhook("ValidatingWebhookConfiguration policies", "a.example", asked_for=tuple(asked), **values)
    assert webhooks.in_the_way([webhook]) == ([(webhook, kept)] if kept else [])
