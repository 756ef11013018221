# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admission webhooks of a cluster, and whether anything serves them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..core.observed import Webhook
from .node_api import NodeApi


class AdmissionApi(NodeApi):
    """What is asked before a request is admitted."""

    def webhooks(self) -> list[Webhook]:
        """All webhooks, by configuration, with the endpoints that are ready behind each."""
        admission = self._client.AdmissionregistrationV1Api(self._api)
        listed = {"_request_timeout": self._timeout}
        items = [
            *(("Validating", i) for i in admission.list_validating_webhook_configuration(**listed).items),
            *(("Mutating", i) for i in admission.list_mutating_webhook_configuration(**listed).items),
        ]
        ready = self._ready_endpoints() if items else Counter()
        return [webhook(kind, item, one, ready) for kind, item in items for one in item.webhooks or []]

    def _ready_endpoints(self) -> Counter[str]:
        """Service (``namespace/name``) -> how many of its endpoints are ready."""
        discovery = self._client.DiscoveryV1Api(self._api)
        found: Counter[str] = Counter()
        for item in discovery.list_endpoint_slice_for_all_namespaces(_request_timeout=self._timeout).items:
            name = (item.metadata.labels or {}).get("kubernetes.io/service-name", "")
            # nil counts as ready (k8s.io/api, discovery/v1, EndpointConditions)
            serving = [e for e in item.endpoints or [] if not e.conditions or e.conditions.ready is not False]
            found[f"{item.metadata.namespace}/{name}"] += len(serving)
        return found


def webhook(kind: str, item: Any, one: Any, ready: Counter[str]) -> Webhook:
    """A webhook (V1ValidatingWebhook, V1MutatingWebhook) as a value.

    :param kind: ``Validating`` or ``Mutating``.
    :param item: the configuration that has it.
    :param ready: service -> ready endpoints.
    """
    service = one.client_config.service
    name = f"{service.namespace}/{service.name}" if service else ""
    asked = tuple(
        (group, resource, operation)
        for rule in one.rules or []
        for group in rule.api_groups or []
        for resource in rule.resources or []
        for operation in rule.operations or []
    )
    configuration = f"{kind}WebhookConfiguration {item.metadata.name}"
    return Webhook(configuration, one.name, one.failure_policy != "Ignore", asked, name, ready[name])
