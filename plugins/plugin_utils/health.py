# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node is well with the release that it shall have."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import CskError
from .models import Cluster, Machine
from .session import Session

if TYPE_CHECKING:
    from .cluster_api import ClusterApi, Observed

ROUND_SECONDS = 0.5


def tags(release: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The image tags of a master's static pods, by the pod's name.

    :param release: a release's components, as the catalogue has them.
    """
    kubernetes = release["kubernetes"]["tag"]
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    return {"etcd": release["etcd"]["tag"], **dict.fromkeys(names, kubernetes)}


def wait(faults: Callable[[], list[str]], seconds: float, say: Callable[[str], None]) -> list[str]:
    """Ask until nothing is wrong, or the time is over; what was wrong then."""
    end, last = time.monotonic() + seconds, None
    while True:
        found = faults()
        if not found or time.monotonic() > end:
            return found
        if found != last:
            say(f"waiting: {'; '.join(found)}")
            last = found
        time.sleep(ROUND_SECONDS)


def node_faults(observed: Observed, machine: Machine, version: str) -> list[str]:
    """What is wrong with a Node: it isn't Ready, or its kubelet has another version."""
    node = observed.nodes.get(machine.name)
    if node is None:
        return ["its Node isn't there" if observed.reachable else "the API doesn't answer"]
    if not (node.ready and node.kubelet):
        return ["its Node isn't Ready"]
    return [] if node.version == f"v{version}" else [f"its kubelet has {node.version}, not v{version}"]


def master_faults(session: Session, cluster: Cluster, machine: Machine, version: str, goal: list[int]) -> list[str]:
    """What is wrong with a master, asked through its own API server.

    A newer etcd than that of a master whose components were put back is right, for it may have to stay.

    :param goal: the entry of etcd's log that its member must have applied; empty until the first answer sets it.
    """
    wanted = tags(session.release(version))
    try:
        with session.api(cluster, address=machine.address) as api:
            has = api.server_version()
            if has != version:
                return [f"its API server has {has}, not {version}"]
            found = node_faults(api.observe(), machine, version)
            pods = api.static_pods(machine.name)
            for name, tag in wanted.items():
                runs, there = pods.get(name, (False, ""))
                if not runs or (there != tag and not (name == "etcd" and version == cluster.version)):
                    found.append(f"its {name} doesn't run with {tag}")
            return found or _member_faults(api, machine, goal)
    except CskError as error:
        return [f"its API server: {error.problems[0].what}"]


def serving_faults(session: Session, cluster: Cluster, machine: Machine) -> list[str]:
    """What keeps a master from carrying the cluster while another one is away, seen in a moment.

    Its own API server is ready only where its member of etcd, the only one that it asks, answers with a majority.
    """
    try:
        with session.api(cluster, address=machine.address) as api:
            api.server_version()
            return node_faults(api.observe(), machine, machine.version)
    except CskError as error:
        return [f"its API server: {error.problems[0].what}"]


def _member_faults(api: ClusterApi, machine: Machine, goal: list[int]) -> list[str]:
    """What is wrong with its member of etcd: started, with a vote, without an alarm, and not behind."""
    members = {member.name: member for member in api.etcd_members(machine.name)}
    mine = members.get(machine.name)
    if mine is None:
        return ["etcd doesn't know its member"]
    if mine.problem:
        return [f"its member of etcd {mine.problem}"]
    if not goal:
        goal.append(max(member.applied for member in members.values()))
    return [] if mine.applied >= goal[0] else [f"its member of etcd is {goal[0] - mine.applied} entries behind"]


def probe_faults(
    api: ClusterApi, machine: Machine, image: str, seconds: float, say: Callable[[str], None]
) -> list[str]:
    """Why a pod can't be run on a node; it is run to see that, and goes."""
    api.put_probe(machine.name, image)
    try:
        return wait(lambda: [] if api.probe_runs(machine.name) else ["a pod doesn't start on it"], seconds, say)
    finally:
        api.delete_probe(machine.name)
