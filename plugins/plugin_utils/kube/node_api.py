# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csk does to Nodes and their pods through a cluster's API, with the upstream Kubernetes client."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ..core.names import CORDONED_BY_CSK

PROBES = "kube-system"  # the namespace of the pods that show whether a node runs pods


class NodeApi:
    """The connection to one cluster's API, and its Nodes. Every request that changes something is checked before."""

    def __init__(self, server: str, folder: Path, timeout: float, before_change: Callable[[], None]) -> None:
        from kubernetes import client
        from urllib3.exceptions import HTTPError

        settings = client.Configuration()
        settings.host = server
        settings.ssl_ca_cert = str(folder / "ca.crt")
        settings.cert_file = str(folder / "client.crt")
        settings.key_file = str(folder / "client.key")
        settings.retries = False
        # The cluster's network is the controller's neighbour: never through a proxy.
        settings.no_proxy = "*"
        settings.proxy = None
        self._client = client
        self.errors = (client.ApiException, HTTPError)  # what a request may fail with
        self._api = client.ApiClient(settings)
        self._before_change = before_change
        self._api.rest_client.request = _checked(self._api.rest_client.request, before_change)
        self._core = client.CoreV1Api(self._api)
        self._apps = client.AppsV1Api(self._api)
        self._policy = client.PolicyV1Api(self._api)
        self._timeout = timeout

    def patch_node(self, name: str, labels: dict[str, str | None], taints: list[dict[str, str]] | None) -> None:
        """Set labels (None removes one) and, where they are given, all taints of a Node."""
        body: dict[str, Any] = {"metadata": {"labels": labels}}
        if taints is not None:
            body["spec"] = {"taints": taints}
        self._core.patch_node(name, body, _request_timeout=self._timeout)

    def delete_node(self, name: str) -> None:
        """Remove a Node object; one that isn't there is no error."""
        self._ignoring_missing(self._core.delete_node, name)

    def delete_pods(self, node: str) -> None:
        """Remove all pods of a Node at once; a mirror of a static pod comes back by itself."""
        for pod in self.pods_on(node):
            self._ignoring_missing(
                self._core.delete_namespaced_pod, pod.metadata.name, pod.metadata.namespace, grace_period_seconds=0
            )

    def cordon(self, name: str, why: str = CORDONED_BY_CSK) -> None:
        """Keep new pods from a Node, and note that csk did it, and why."""
        body = {"metadata": {"annotations": {why: "true"}}, "spec": {"unschedulable": True}}
        self._core.patch_node(name, body, _request_timeout=self._timeout)

    def uncordon(self, name: str, why: str = CORDONED_BY_CSK) -> None:
        """Let new pods onto a Node again that was cordoned for that reason."""
        body = {"metadata": {"annotations": {why: None}}, "spec": {"unschedulable": None}}
        self._core.patch_node(name, body, _request_timeout=self._timeout)

    def pods_on(self, node: str) -> list[Any]:
        """The pods (V1Pod) of a Node."""
        return self._core.list_pod_for_all_namespaces(
            field_selector=f"spec.nodeName={node}", _request_timeout=self._timeout
        ).items

    def evict(self, pod: Any, grace_period: int | None) -> Any | None:
        """Ask for a pod's eviction; the API's answer (ApiException) where it was refused.

        :param grace_period: in seconds; None for the pod's own.
        """
        meta = {"name": pod.metadata.name, "namespace": pod.metadata.namespace}
        options: dict[str, Any] = {"preconditions": {"uid": pod.metadata.uid}}
        if grace_period is not None:
            options["gracePeriodSeconds"] = grace_period
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta, "deleteOptions": options}
        try:
            self._core.create_namespaced_pod_eviction(
                meta["name"], meta["namespace"], body, _request_timeout=self._timeout
            )
        except self._client.ApiException as error:
            return error
        return None

    def put_probe(self, node: str, image: str) -> None:
        """Run a pod on a Node, whatever its taints are, to see whether pods run there."""
        self.delete_probe(node)
        body = {
            "metadata": {"name": f"csk-probe-{node}", "namespace": PROBES},
            "spec": {
                "nodeName": node,
                "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": False,
                "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": "probe", "image": image}],
            },
        }
        self._core.create_namespaced_pod(PROBES, body, _request_timeout=self._timeout)

    def probe_runs(self, node: str) -> bool:
        """Whether the pod of ``put_probe`` runs."""
        pod = self._core.read_namespaced_pod(f"csk-probe-{node}", PROBES, _request_timeout=self._timeout)
        return pod.status.phase == "Running"

    def delete_probe(self, node: str) -> None:
        """Remove the pod of ``put_probe``; one that isn't there is no error."""
        self._ignoring_missing(self._core.delete_namespaced_pod, f"csk-probe-{node}", PROBES, grace_period_seconds=0)

    def _ignoring_missing(self, call: Callable[..., Any], *arguments: str, **more: Any) -> None:
        try:
            call(*arguments, _request_timeout=self._timeout, **more)
        except self._client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise


def _checked(request: Callable[..., Any], before_change: Callable[[], None]) -> Callable[..., Any]:
    """The client's way to send a request, with a call before those that change something."""

    def send(method: str, *arguments: Any, **more: Any) -> Any:
        if method not in ("GET", "HEAD", "OPTIONS"):
            before_change()
        return request(method, *arguments, **more)

    return send
