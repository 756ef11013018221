# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What csk asks of the masters of a cluster: etcd's members, API servers, static pods, and what uses them."""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from ..core.errors import CskError, Problem
from ..core.names import SYSTEM
from ..core.observed import EtcdMember
from .admission_api import AdmissionApi
from .answers import said

ETCDCTL_SECONDS = 30
SETTLING_SECONDS = 30  # of etcd after a member came or went
MEMBER_PEERS = 3  # the place of the peers' URLs in a line of etcdctl member list
ETCD_QUOTA = 2 << 30  # bytes; etcd's default (server/storage/quota.go), where a member doesn't say
ALARMS = {1: "NOSPACE", 2: "CORRUPT"}  # etcd, api/etcdserverpb/rpc.proto, AlarmType
STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
_DEPRECATED = re.compile(r"^apiserver_requested_deprecated_apis{(.*)} [1-9]", re.MULTILINE)


class ControlPlaneApi(AdmissionApi):
    """The masters, through the API."""

    def etcd_members(self, through: str) -> list[EtcdMember]:
        """Every member that etcd has, by what it answers itself.

        :param through: a master's Node name; its etcd pod runs etcdctl.
        """
        listed = self._etcd_json(through, "member", "list")["members"]
        alarms = {a["memberID"]: a["alarm"] for a in self._etcd_json(through, "alarm", "list").get("alarms") or []}
        statuses = self._etcd_json(through, "endpoint", "status", "--cluster", "--command-timeout=3s", check=False)
        answers = {status["Status"]["header"]["member_id"]: status["Status"] for status in statuses or []}
        return [_member(member, answers.get(member["ID"]), alarms.get(member["ID"])) for member in listed]

    def deprecated_apis(self) -> list[tuple[str, str]]:
        """APIs that clients asked this API server for and that a release has not: (what, that release)."""
        text = self._raw("/metrics")
        found = []
        for labels in _DEPRECATED.findall(text):
            entry = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            if entry.get("removed_release"):
                name = "/".join(part for part in (entry["group"], entry["version"], entry["resource"]) if part)
                found.append((name, entry["removed_release"]))
        return found

    def stored_versions(self, through: str, resource: str) -> dict[str, int]:
        """In which versions (``group/version``) the objects of a built-in resource are stored, and how many each.

        Those that are encrypted don't show it. Etcd's keys have the resource's name alone (k8s.io/apiserver,
        storage_factory.go, ResourcePrefix).

        :param through: a master's Node name; its etcd pod runs etcdctl.
        """
        answer = self._etcd_json(through, "get", "--prefix", f"/registry/{resource}/") or {}
        versions = (stored_version(base64.b64decode(entry["value"])) for entry in answer.get("kvs") or [])
        return dict(Counter(version for version in versions if version))

    def budgets_without_room(self) -> list[str]:
        """PodDisruptionBudgets (``namespace/name``) that have pods and allow no disruption now."""
        items = self._policy.list_pod_disruption_budget_for_all_namespaces(_request_timeout=self._timeout).items
        return [
            f"{item.metadata.namespace}/{item.metadata.name}"
            for item in items
            if item.status and item.status.expected_pods and not item.status.disruptions_allowed
        ]

    def server_version(self) -> str:
        """The API server's version, without v; it answers only where it is ready."""
        self._raw("/readyz")
        return json.loads(self._raw("/version"))["gitVersion"].removeprefix("v")

    def static_pods(self, node: str) -> dict[str, tuple[bool, str]]:
        """A master's static pods: name -> (whether its container runs, its image's tag).

        Ready says less: until its first startup probe, after 10 seconds, no container is.
        """
        found = {}
        for pod in self.pods_on(node):
            name = pod.metadata.name.removesuffix(f"-{node}")
            if name in STATIC_PODS and pod.metadata.namespace == SYSTEM:
                statuses = pod.status.container_statuses or []
                runs = bool(statuses) and all(status.state.running for status in statuses)
                found[name] = (runs, pod.spec.containers[0].image.rpartition(":")[2])
        return found

    def kubeadm_configs(self) -> dict[str, str]:
        """What kubeadm keeps in the cluster, as YAML: ``cluster``, ``kubelet`` and ``proxy``.

        Where there is no ConfigMap of kube-proxy's, its configuration is empty.
        """
        return {
            "cluster": self._config_map("kubeadm-config")["ClusterConfiguration"],
            "kubelet": self._config_map("kubelet-config")["kubelet"],
            "proxy": self._config_map("kube-proxy", missing={}).get("config.conf", ""),
        }

    def _config_map(self, name: str, missing: dict[str, str] | None = None) -> dict[str, str]:
        try:
            return self._core.read_namespaced_config_map(name, SYSTEM, _request_timeout=self._timeout).data or {}
        except self._client.ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND and missing is not None:
                return missing
            raise

    def kubelet_config(self) -> str:
        """The KubeletConfiguration that kubeadm keeps in the cluster, as YAML."""
        config = self._core.read_namespaced_config_map("kubelet-config", SYSTEM, _request_timeout=self._timeout)
        return config.data["kubelet"]

    def remove_etcd_member(self, through: str, name: str, address: str) -> bool:
        """Remove a lost master's etcd member.

        :param through: a healthy master's Node name; its etcd pod runs etcdctl.
        :param name: the lost master's name, which is its member's name.
        :param address: the lost master's; a member that never started has no name yet.
        :returns: whether there was such a member.
        """
        for line in self._etcdctl(through, "member", "list").splitlines():
            parts = [part.strip() for part in line.split(",")]
            if len(parts) > MEMBER_PEERS and (parts[2] == name or f"//{address}:" in parts[MEMBER_PEERS]):
                self._remove_member(through, parts[0])
                return True
        return False

    def _remove_member(self, through: str, member: str) -> None:
        """Remove a member; one that etcd refuses because a connection to a peer is too young is tried again.

        etcd wants connections that are five seconds old (server/etcdserver/server.go, HealthInterval); after a killed
        run, or the return of a master, they may be younger.
        """
        end = time.monotonic() + SETTLING_SECONDS
        while True:
            self._before_change()  # a command in a pod is a GET
            try:
                self._etcdctl(through, "member", "remove", member)
                return
            except CskError as error:
                if "unhealthy cluster" not in str(error) or time.monotonic() > end:
                    raise
            time.sleep(1)

    def healthy_etcd_members(self, through: str) -> int:
        """How many members answer a linearizable read, asked for through one master's etcd pod."""
        found = self._etcd_json(through, "endpoint", "health", "--cluster", "--command-timeout=3s", check=False)
        return sum(bool(entry["health"]) for entry in found or [])

    def _etcdctl(self, through: str, *arguments: str, check: bool = True) -> str:
        """Run etcdctl in a master's etcd pod.

        :raises CskError: where it can't be run or, with ``check``, where it fails.
        """
        from kubernetes.stream import stream

        pki = "/etc/kubernetes/pki/etcd"
        keys = [f"--cacert={pki}/ca.crt", f"--cert={pki}/server.crt", f"--key={pki}/server.key"]
        rule = "a lost master's member is removed by the members that are left."
        where, fix = f"etcd on {through}", "look at its pod, then run the playbook again."
        try:
            process = stream(
                self._core.connect_get_namespaced_pod_exec,
                f"etcd-{through}",
                SYSTEM,
                command=["etcdctl", *keys, *arguments],
                stdin=False,
                stdout=True,
                stderr=True,
                tty=False,
                _preload_content=False,
            )
            process.run_forever(timeout=ETCDCTL_SECONDS)
            code = None  # before the text: reading all of it forgets how the command ended
            with suppress(TypeError):  # of a connection that broke: it says nothing of how the command ended
                code = None if process.is_open() else process.returncode
            text = process.read_all()
            process.close()
        except self._client.ApiException as error:
            raise CskError(Problem(where, f"etcdctl can't be run: {said(error)}.", rule, fix)) from None
        if check and code != 0:
            raise CskError(Problem(where, f"etcdctl {' '.join(arguments)}: {text.strip()[-300:]}", rule, fix))
        return text

    def _etcd_json(self, through: str, *arguments: str, check: bool = True) -> Any:
        """What etcdctl answers as JSON; None where it answers nothing. It prints errors among the answer's lines."""
        for line in self._etcdctl(through, *arguments, "--write-out=json", check=check).splitlines():
            if line.startswith(("[{", "{")) and not line.startswith('{"level"'):  # what it logs is JSON too
                return json.JSONDecoder().raw_decode(line)[0]
        return None

    def _raw(self, path: str) -> str:
        return self._answer(path).data.decode()

    def _answer(self, path: str) -> Any:
        """The API server's answer (urllib3's response) to a GET."""
        url = f"{self._api.configuration.host}{path}"
        response = self._api.rest_client.pool_manager.request("GET", url, timeout=self._timeout, retries=False)
        if response.status != HTTPStatus.OK:
            raise self._client.ApiException(status=response.status, reason=f"{path} answers {response.status}")
        return response


def stored_version(value: bytes) -> str:
    """The ``group/version`` in which an object is stored; empty where that can't be seen.

    Built-in objects are protobuf behind ``k8s`` and a zero byte: runtime.Unknown, whose first field is TypeMeta, whose
    first field is apiVersion (k8s.io/apimachinery, pkg/runtime/generated.proto); each length is one byte.
    """
    if value.startswith(b"k8s\0\n") and value[6:7] == b"\n":
        return value[8 : 8 + value[7]].decode(errors="replace")
    with suppress(ValueError, AttributeError):
        return str(json.loads(value).get("apiVersion", ""))
    return ""


def _member(member: dict[str, Any], status: dict[str, Any] | None, alarm: Any) -> EtcdMember:
    name = member.get("name") or member["peerURLs"][0]
    if status is None:
        return EtcdMember(name, 0, 0, ETCD_QUOTA, "doesn't answer")
    problems = list(status.get("errors") or [])
    if status.get("isLearner") or member.get("isLearner"):
        problems.append("is a learner, which has no vote")
    if alarm:
        problems.append(f"has the alarm {ALARMS.get(alarm, alarm)}")
    if not status.get("leader"):
        problems.append("knows no leader")
    quota = status.get("dbSizeQuota") or ETCD_QUOTA
    applied, used = status.get("raftAppliedIndex", 0), status.get("dbSize", 0)  # what is 0 is left out
    return EtcdMember(name, applied, used, quota, "; ".join(map(str, problems)))
