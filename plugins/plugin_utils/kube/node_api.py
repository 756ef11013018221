# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csk does to Nodes and their pods through a cluster's API, with the upstream Kubernetes client."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ..core.names import CORDONED_BY_CSK, OUT_OF_SERVICE
from .causes import LONGEST, condition_cause, event_cause, pod_cause

WRITES = 10  # attempts, where others write the same object
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
        self._storage = client.StorageV1Api(self._api)
        self._timeout = timeout

    def patch_node(self, name: str, labels: dict[str, str | None], taints: list[dict[str, str]] | None) -> None:
        """Set labels (None removes one) and, where they are given, all taints of a Node."""
        body: dict[str, Any] = {"metadata": {"labels": labels}}
        if taints is not None:
            body["spec"] = {"taints": taints}
        self._core.patch_node(name, body, _request_timeout=self._timeout)

    def has_node(self, name: str) -> bool:
        """Whether there is a Node of that name."""
        try:
            self._core.read_node(name, _request_timeout=self._timeout)
        except self._client.ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def delete_node(self, name: str) -> None:
        """Remove a Node object; one that isn't there is no error."""
        self._ignoring_missing(self._core.delete_node, name)

    def end_pods(self, node: str) -> None:
        """Let all pods of a Node end, which its kubelet has to do; a mirror of a static pod comes back by itself."""
        self._delete_pods(node)

    def force_pods(self, node: str) -> None:
        """Remove all pods of a Node, whether they still run or not: only of a machine that is known to be off."""
        self._delete_pods(node, grace_period_seconds=0)

    def _delete_pods(self, node: str, **how: int) -> None:
        for pod in self.pods_on(node):
            self._ignoring_missing(self._core.delete_namespaced_pod, pod.metadata.name, pod.metadata.namespace, **how)

    def attachments(self, node: str) -> list[str]:
        """The volumes (PersistentVolumes, by name) that are attached to a Node."""
        items = self._storage.list_volume_attachment(_request_timeout=self._timeout).items
        return sorted(
            i.spec.source.persistent_volume_name or i.metadata.name for i in items if i.spec.node_name == node
        )

    def has_volumes(self, node: str) -> bool:
        """Whether pods of a Node have PersistentVolumeClaims, or volumes are attached to it."""
        claimed = any(
            volume.persistent_volume_claim or volume.ephemeral
            for pod in self.pods_on(node)
            for volume in pod.spec.volumes or []
        )
        return claimed or bool(self.attachments(node))

    def put_out_of_service(self, node: str) -> None:
        """Tell Kubernetes that a Node's machine is off: its volumes are detached without waiting for its kubelet."""
        for _attempt in range(WRITES):
            there = self._core.read_node(node, _request_timeout=self._timeout)
            taints = [self._api.sanitize_for_serialization(taint) for taint in there.spec.taints or []]
            if any(taint["key"] == OUT_OF_SERVICE["key"] for taint in taints):
                return
            body = {
                "metadata": {"resourceVersion": there.metadata.resource_version},
                "spec": {"taints": [*taints, OUT_OF_SERVICE]},
            }
            try:
                self._core.patch_node(node, body, _request_timeout=self._timeout)
            except self._client.ApiException as error:
                if error.status != HTTPStatus.CONFLICT:
                    raise
            # else: somebody's taint came meanwhile, and stays; the next look sees that this one is there
        raise self._client.ApiException(status=HTTPStatus.CONFLICT, reason=f"{node}: its taints change all the time")

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

    def probe_fault(self, node: str) -> str:
        """Why the pod of ``put_probe`` doesn't run; empty where it does."""
        pod = self._core.read_namespaced_pod(f"csk-probe-{node}", PROBES, _request_timeout=self._timeout)
        if pod.status.phase == "Running":
            return ""
        return ": ".join(filter(None, ("a pod doesn't start on it", pod_cause(pod)[:LONGEST])))

    def workload_cause(self, namespace: str, kind: str, name: str) -> str:
        """Why a Deployment or DaemonSet has fewer pods than it should; empty where nothing says so."""
        read = {"Deployment": self._apps.read_namespaced_deployment, "DaemonSet": self._apps.read_namespaced_daemon_set}
        item = read[kind](name, namespace, _request_timeout=self._timeout)
        selector = ",".join(f"{key}={value}" for key, value in (item.spec.selector.match_labels or {}).items())
        listed = {"namespace": namespace, "_request_timeout": self._timeout}
        pods = self._core.list_namespaced_pod(label_selector=selector, **listed).items
        found = condition_cause(item.status.conditions) or next(filter(None, map(pod_cause, pods)), "")
        if not found:
            warnings = self._core.list_namespaced_event(field_selector="type=Warning", **listed).items
            found = event_cause(warnings, name)
        return found[:LONGEST]

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
