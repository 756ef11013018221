# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csk asks of a cluster's API, and does through it, with the upstream Kubernetes client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..core.names import ADDONS, CORDONED_BY_CSK, SYSTEM, UNREACHED, UNSCHEDULABLE_BY_POOL
from ..core.observed import NodeState, Observed
from .control_plane_api import ControlPlaneApi
from .leases import PATH as LEASES
from .leases import heard

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = "csk-cluster"
_ALL = 1 << 30  # more pods than there are Nodes


class ClusterApi(ControlPlaneApi):
    """One cluster's API. Use ``connect``, which takes care of the credentials' files."""

    def observe(self) -> Observed:
        """Nodes, kubelets and add-ons, in a few requests at once."""
        from urllib3.exceptions import HTTPError

        try:
            with ThreadPoolExecutor(5) as pool:
                nodes = pool.submit(self._core.list_node, _request_timeout=self._timeout)
                addons = pool.submit(self._addons)
                record = pool.submit(self._record)
                leases = pool.submit(self._answer, LEASES)
                items = nodes.result().items
                alive = dict(pool.map(self._kubelet_answers, [node.metadata.name for node in items]))
                said = heard(leases.result().data, leases.result().headers["Date"])
                states = {node.metadata.name: _node_state(node, alive, said) for node in items}
                unready = sum(not state.ready for state in states.values())
                lacking = addons.result()
                return Observed(True, states, {name: n <= unready for name, n in lacking.items()}, record.result())
        except (HTTPError, self._client.ApiException, OSError):
            return Observed(False)

    def put_token(self, token: str, seconds: int) -> None:
        """Store a bootstrap token that ends by itself after the given seconds."""
        from datetime import datetime, timedelta

        identifier, secret = token.split(".")
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        body = {
            "metadata": {"name": f"bootstrap-token-{identifier}", "namespace": SYSTEM},
            "type": "bootstrap.kubernetes.io/token",
            "stringData": {
                "token-id": identifier,
                "token-secret": secret,
                "expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "usage-bootstrap-authentication": "true",
                "usage-bootstrap-signing": "true",
                "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
            },
        }
        self.delete_token(token)
        self._core.create_namespaced_secret(SYSTEM, body, _request_timeout=self._timeout)

    def delete_token(self, token: str) -> None:
        """Remove a bootstrap token; one that isn't there is no error."""
        self._ignoring_missing(
            self._core.delete_namespaced_secret, f"bootstrap-token-{token.split('.', maxsplit=1)[0]}", SYSTEM
        )

    def put_record(self, data: dict[str, str]) -> None:
        """Write the cluster's own record, from which a lost ledger can be rebuilt."""
        body = {"metadata": {"name": RECORD, "namespace": SYSTEM}, "data": data}
        try:
            self._core.replace_namespaced_config_map(RECORD, SYSTEM, body, _request_timeout=self._timeout)
        except self._client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._core.create_namespaced_config_map(SYSTEM, body, _request_timeout=self._timeout)

    def wait(
        self, done: Callable[[Observed], list[str]], timeout: float, progress: Callable[[list[str]], None]
    ) -> list[str]:
        """Observe until nothing is missing, or the time is over.

        :param done: what is still missing, in words; empty when all is there.
        :param progress: called with what is missing whenever that changes.
        :returns: what was missing at the end.
        """
        end = time.monotonic() + timeout
        last: list[str] | None = None
        while True:
            missing = done(self.observe())
            if missing != last:
                progress(missing)
                last = missing
            if not missing or time.monotonic() > end:
                return missing
            time.sleep(0.3)

    def _addons(self) -> dict[str, int]:
        """How many pods each add-on lacks."""
        found = {}
        with ThreadPoolExecutor(2) as pool:
            sets = pool.submit(self._apps.list_daemon_set_for_all_namespaces, _request_timeout=self._timeout)
            deployments = pool.submit(self._apps.list_deployment_for_all_namespaces, _request_timeout=self._timeout)
            items = {("DaemonSet", i.metadata.namespace, i.metadata.name): _set_lacks(i) for i in sets.result().items}
            items |= {
                ("Deployment", i.metadata.namespace, i.metadata.name): _deployment_lacks(i)
                for i in deployments.result().items
            }
        for addon, (namespace, kind, name) in ADDONS.items():
            if (kind, namespace, name) in items:
                found[addon] = items[kind, namespace, name]
        return found

    def _record(self) -> dict[str, str] | None:
        try:
            return self._core.read_namespaced_config_map(RECORD, SYSTEM, _request_timeout=self._timeout).data or {}
        except self._client.ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _kubelet_answers(self, node: str) -> tuple[str, bool]:
        try:
            self._core.connect_get_node_proxy_with_path(node, "healthz", _request_timeout=self._timeout)
        except Exception:
            return node, False
        return node, True


@contextmanager
def connect(
    home: Path,
    server: str,
    ca: bytes,
    certificate: bytes,
    key: bytes,
    timeout: float = 5,
    before_change: Callable[[], None] = lambda: None,
) -> Iterator[ClusterApi]:
    """A cluster's API by its administrator's certificate.

    The client wants files; they are in a folder that only the user can read, and that goes with the connection.

    :param server: ``https://ADDRESS:6443``.
    :param timeout: of each request, in seconds.
    :param before_change: called before each request that changes something; it raises CskError where none may be made.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home, prefix=".api-") as folder:
        for name, content in (("ca.crt", ca), ("client.crt", certificate), ("client.key", key)):
            path = Path(folder) / name
            path.touch(mode=0o600)
            path.write_bytes(content)
        yield ClusterApi(server, Path(folder), timeout, before_change)


def _node_state(node: Any, alive: dict[str, bool], said: dict[str, tuple[str, bool]]) -> NodeState:
    when, lapsed = said.get(node.metadata.name, ("", True))
    conditions = {condition.type: condition.status for condition in node.status.conditions or []}
    messages = {condition.type: condition.message or "" for condition in node.status.conditions or []}
    ready = conditions.get("Ready") == "True"
    taints = [(taint.key, taint.value or "", taint.effect) for taint in node.spec.taints or []]
    return NodeState(
        name=node.metadata.name,
        ready=ready,
        kubelet=alive[node.metadata.name],
        version=node.status.node_info.kubelet_version,
        labels=dict(node.metadata.labels or {}),
        taints=tuple(sorted(taints)),
        unschedulable=bool(node.spec.unschedulable),
        cordoned_by_csk=CORDONED_BY_CSK in (node.metadata.annotations or {}),
        unschedulable_by_pool=UNSCHEDULABLE_BY_POOL in (node.metadata.annotations or {}),
        message="" if ready else messages.get("Ready", ""),
        heard=when,
        lapsed=lapsed,
        unknown=conditions.get("Ready") == "Unknown",
    )


def _set_lacks(item: Any) -> int:
    """How many pods a DaemonSet lacks; what it lacks on Nodes that aren't Ready is theirs, not the add-on's."""
    status = item.status
    if status.observed_generation != item.metadata.generation or not status.number_available:
        return _ALL
    return max(status.desired_number_scheduled - status.number_available, 0)


def _deployment_lacks(item: Any) -> int:
    """None, or all: its pods can go to any Node."""
    return 0 if (item.status.available_replicas or 0) >= max(item.spec.replicas or 0, 1) else _ALL


def nodes_missing(observed: Observed, names: Iterable[str]) -> list[str]:
    """Which of these Nodes aren't Ready, in words."""
    if not observed.reachable:
        return ["the API server doesn't answer"]
    states = observed.nodes
    absent = [f"{name} isn't there" for name in names if name not in states]
    silent = [f"{n}: {UNREACHED}" for n in names if n in states and states[n].ready and not states[n].kubelet]
    return absent + silent + [_unready(states[n]) for n in names if n in states and not states[n].ready]


def _unready(state: NodeState) -> str:
    """That a Node isn't Ready, and why, as its condition says."""
    return f"{state.name} isn't Ready" + (f" ({state.message})" if state.message else "")
