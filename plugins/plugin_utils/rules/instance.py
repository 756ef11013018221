# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a pool's machines, what it makes of a machine and of its kubelet. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from ..core.errors import Problem
from ..core.machines import Capacity, Limits

_QUANTITY = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{0,9})?([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?")
MAX_PODS = 256  # of a worker (design.md §5); fixed, because the node CIDR mask follows from it
LEAST_CPUS = 0.5
LEAST_MEMORY = 512 << 20  # kubelet, containerd and what every node runs
MIB = 1 << 20
# The kubelet's defaults (k8s.io/kubernetes, pkg/kubelet/apis/config/v1beta1/defaults_linux.go), said because the
# memory is part of the sum below.
EVICTION_MEMORY = 100 * MIB
EVICTION_HARD = {
    "memory.available": f"{EVICTION_MEMORY // MIB}Mi",
    "nodefs.available": "10%",
    "nodefs.inodesFree": "5%",
    "imagefs.available": "15%",
    "imagefs.inodesFree": "5%",
}
# Where the disk is the host's, it is not the node's to free (roles/node, detect).
EVICTION_SHARED_DISK = {"memory.available": EVICTION_HARD["memory.available"]} | dict.fromkeys(
    ("nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree"), "0%"
)
# Processes and threads of a machine: the node's own, and those of a full node of ordinary pods.
PIDS_OF_A_NODE, PIDS_OF_A_POD = 2048, 64
DEFAULT_MAX_PODS = 110  # the kubelet's own


def memory_bytes(text: str) -> int:
    """A quantity of memory as Kubernetes writes it, in bytes.

    :raises ValueError: for what isn't one.
    """
    from kubernetes.utils.quantity import parse_quantity

    if not _QUANTITY.fullmatch(text):  # the client takes more than Kubernetes does: " 2Gi", 2_000Mi, Infinity
        raise ValueError(f"{text!r} is no quantity")
    return int(parse_quantity(text))


def _bytes_or_zero(text: str | None) -> int:
    """The same, and 0 for what isn't given or isn't a quantity, which ``problems`` tells."""
    try:
        return memory_bytes(text or "0")
    except ValueError:
        return 0


def problems(instance: dict[str, Any], where: str) -> list[Problem]:
    """What is wrong with a shape by itself."""
    found = []
    cpus, memory, pods = (instance[key] for key in ("cpus", "memory", "max_pods"))
    if cpus is not None and cpus < LEAST_CPUS:
        rule = f"a worker has {LEAST_CPUS} cores or more."
        found.append(Problem(f"{where}.cpus", f"is {cpus}.", rule, "give a number of cores, such as 2 or 1.5."))
    if memory is not None:
        rule = f"a worker has {LEAST_MEMORY // MIB}Mi or more, as a quantity of Kubernetes."
        try:
            small = memory_bytes(memory) < LEAST_MEMORY
        except ValueError:
            small = True
        if small:
            found.append(Problem(f"{where}.memory", f"is {memory!r}.", rule, "write it like 2Gi."))
    if pods is not None and not 1 <= pods <= MAX_PODS:
        rule = f"a worker has 1 to {MAX_PODS} pods; this quota is fixed."
        found.append(Problem(f"{where}.max_pods", f"is {pods}.", rule, f"give {MAX_PODS} or less."))
    return found


# The sysctls that a pod may have for itself, by their beginnings (k8s.io/component-helpers, node/util/sysctl).
_SYSCTLS = re.compile(r"(kernel\.(sem$|shm|msg)|fs\.mqueue\.|net\.)[-_a-z0-9./]*\*?")


def kubelet_problems(settings: dict[str, Any], where: str) -> list[Problem]:
    """What the kubelet refuses only on a running node; all else it is asked itself (render/kubelet_trial.py)."""
    found = []
    size = settings["containerLogMaxSize"]
    if size is not None and _bytes_or_zero(size) <= 0:
        rule = "it is a quantity of Kubernetes, more than 0."
        found.append(Problem(f"{where}.containerLogMaxSize", f"is {size!r}.", rule, "write it like 10Mi."))
    rule = "a pod may set only what it has for itself: kernel.shm*, kernel.msg*, kernel.sem, fs.mqueue.*, net.*."
    found += [
        Problem(f"{where}.allowedUnsafeSysctls", f"{name!r} is refused.", rule, "remove it.")
        for name in settings["allowedUnsafeSysctls"] or []
        if not _SYSCTLS.fullmatch(name.replace("/", "."))
    ]
    return found


def reserved_problems(
    instance: dict[str, Any], settings: dict[str, Any], capacity: Callable[[], Capacity], where: str
) -> list[Problem]:
    """Why containers can't have cores of their own: the kubelet gives them what isn't reserved for the system.

    :param capacity: of the machines' host; asked only where it matters.
    """
    if settings.get("cpuManagerPolicy") != "static":
        return []
    if instance.get("cpus") and instance["cpus"] < capacity().cpus:
        return []
    rule = "the policy static needs cores that are reserved for the system: what the host has beyond instance.cpus."
    fix = "give instance.cpus, fewer than the host has, or leave the policy out."
    return [Problem(f"{where}.cpuManagerPolicy", "is static, and no core is reserved.", rule, fix)]


def host_problems(instance: dict[str, Any], capacity: Capacity, where: str) -> list[Problem]:
    """Why machines of a shape can't be made where the provider makes them: each has to fit there by itself."""
    found = []
    rule, fix = "an instance isn't larger than the host of its machine.", "ask for less."
    if (instance["cpus"] or 0) > capacity.cpus:
        what = f"is {instance['cpus']}; the host has {capacity.cpus} cores."
        found.append(Problem(f"{where}.cpus", what, rule, fix))
    if _bytes_or_zero(instance["memory"]) > capacity.memory_bytes - EVICTION_MEMORY:
        what = f"is {instance['memory']}; the host has {capacity.memory_bytes // MIB}Mi, of which some are reserved."
        found.append(Problem(f"{where}.memory", what, rule, fix))
    return found


def overcommit(pools: Iterable[tuple[dict[str, Any], int]], capacity: Capacity, shared: bool) -> list[str]:
    """Where all machines together may use more than their host has: allowed, but told.

    :param pools: each pool's shape, and how many workers it has.
    :param shared: whether machines share their host's kernel: one without a shape offers pods all that the host has.
    """
    shapes = list(pools)
    whole = capacity.memory_bytes if shared else 0
    cpus = sum((instance.get("cpus") or 0) * size for instance, size in shapes)
    memory = sum((_bytes_or_zero(instance.get("memory")) or whole) * size for instance, size in shapes)
    told = []
    if cpus > capacity.cpus:
        told.append(f"workers' instances have {cpus:g} cores together, their host has {capacity.cpus}.")
    if memory > capacity.memory_bytes:
        without = sum(size for instance, size in shapes if shared and not instance.get("memory"))
        seen = f" ({without} without instance.memory see all of it)" if without else ""
        told.append(
            f"workers offer pods {memory // MIB}Mi of memory together, their host has "
            f"{capacity.memory_bytes // MIB}Mi{seen}."
        )
    return told


def limits(instance: dict[str, Any]) -> Limits | None:
    """What a machine of a shape may use; None where the shape bounds neither cores nor memory."""
    cpus, memory = instance.get("cpus"), instance.get("memory")
    if not cpus and not memory:
        return None
    pods = instance.get("max_pods") or DEFAULT_MAX_PODS
    pids = PIDS_OF_A_NODE + PIDS_OF_A_POD * pods
    return Limits(cpus=cpus, memory_bytes=memory_bytes(memory) if memory else None, pids=pids)


def kubelet_config(
    instance: dict[str, Any], settings: dict[str, Any], capacity: Callable[[], Capacity], shared: bool
) -> str | None:
    """The kubelet's drop-in, by which a Node's allocatable equals the shape; None where there is nothing to say.

    :param settings: what else the pool wants of its kubelets, in the kubelet's own words.
    :param capacity: asked only where it matters.
    :param shared: whether the machine's disk is its host's.

    A kubelet in a container sees its host's cores and memory: what is more than the shape is reserved. It takes the
    memory of evictionHard off allocatable by itself (facts.md).
    """
    said = {key: value for key, value in settings.items() if value is not None}
    if instance.get("max_pods"):
        said["maxPods"] = instance["max_pods"]
    reserved = {}
    if instance.get("cpus"):
        reserved["cpu"] = f"{round((capacity().cpus - instance['cpus']) * 1000)}m"
    if instance.get("memory"):
        reserved["memory"] = str(capacity().memory_bytes - memory_bytes(instance["memory"]) - EVICTION_MEMORY)
    if reserved:
        said |= {"systemReserved": reserved, "evictionHard": EVICTION_SHARED_DISK if shared else EVICTION_HARD}
    if not said:
        return None
    return yaml.safe_dump({"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", **said})
