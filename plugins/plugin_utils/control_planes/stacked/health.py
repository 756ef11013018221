# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a master is well with the release that it shall have, asked through its own API server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...context.members import strangers
from ...context.session import Session
from ...core.errors import CskError
from ...core.models import Cluster, Machine
from ...rules.health import node_faults

if TYPE_CHECKING:
    from ...kube.cluster_api import ClusterApi


def tags(release: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The image tags of a master's static pods, by the pod's name.

    :param release: a release's components, as the catalogue has them.
    """
    kubernetes = release["kubernetes"]["tag"]
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    return {"etcd": release["etcd"]["tag"], **dict.fromkeys(names, kubernetes)}


def master_faults(session: Session, cluster: Cluster, machine: Machine, version: str, goal: list[int]) -> list[str]:
    """What is wrong with a master, asked through its own API server.

    A newer etcd than that of a master whose components were put back is right, for it may have to stay.

    :param goal: the entry of etcd's log that its member must have applied; empty until the first answer sets it.
    """
    wanted = tags(session.release(version))
    strange = etcd_faults(session, cluster, machine)
    if strange:
        return strange
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

    Its own API server is ready only where its member of etcd, the only one that it asks, answers with a majority; but
    that may be the majority of another cluster.
    """
    strange = etcd_faults(session, cluster, machine)
    if strange:
        return strange
    try:
        with session.api(cluster, address=machine.address) as api:
            api.server_version()
            return node_faults(api.observe(), machine, machine.version)
    except CskError as error:
        return [f"its API server: {error.problems[0].what}"]


def etcd_faults(session: Session, cluster: Cluster, machine: Machine) -> list[str]:
    """Why a master's etcd isn't the cluster's, which all masters are asked for."""
    found, _address = strangers(session, cluster)
    return [found[machine.name]] if machine.name in found else []


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
