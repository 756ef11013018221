# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Webhooks as the client gives them."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace as Thing

from ansible_collections.csk.kubernetes.plugins.plugin_utils.kube import admission_api


def test_a_webhook_as_a_value():
    rule = Thing(api_groups=["", "apps"], resources=["pods"], operations=["CREATE", "UPDATE"])
    service = Thing(namespace="policy", name="gate")
    one = Thing(name="a.example", failure_policy=None, rules=[rule], client_config=Thing(service=service))
    item = Thing(metadata=Thing(name="policies"))
    found = admission_api.webhook("Validating", item, one, Counter({"policy/gate": 2}))
    assert found.configuration == "ValidatingWebhookConfiguration policies"
    assert found.closed  # Fail unless it says otherwise
    assert (found.service, found.ready) == ("policy/gate", 2)
    assert ("apps", "pods", "UPDATE") in found.asked_for
    assert len(found.asked_for) == 4


def test_one_behind_a_url():
    one = Thing(name="a", failure_policy="Ignore", rules=None, client_config=Thing(service=None))
    found = admission_api.webhook("Mutating", Thing(metadata=Thing(name="m")), one, Counter())
    assert (found.service, found.ready, found.closed, found.asked_for) == ("", 0, False, ())
