# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's turn in an upgrade: emptied, changed by the role, and well again, or given back as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ...context.fencing import judge
from ...context.session import Session
from ...context.waiting import wait
from ...control_planes.stacked.health import master_faults
from ...control_planes.stacked.turns import others_well
from ...core.errors import CskError, Problem
from ...core.models import Cluster, Machine
from ...kube.cluster_api import ClusterApi
from ...kube.drain import drain
from ...rules.health import node_faults
from ..health import probe_faults
from ..labels import put_labels
from ..removal import is_ours
from .facts import drain_of

WELL_SECONDS = 180  # for a node to be well again after its change
PROBE_SECONDS = 60
PAUSE_IMAGE = "registry.k8s.io/pause"
AGAIN = "then run the playbook csk.kubernetes.upgrade again; it goes on from there."
_RULE = "a node is emptied, changed, and well again before the next one."


def empty(session: Session, cluster: Cluster, batch: Sequence[Machine], accept: Sequence[str]) -> list[str]:
    """Cordon the nodes that are changed at once and evict their pods; what was done, in sentences.

    All are cordoned first, so that no pod moves from one to the next. A master's turn comes when the others are well.

    :raises CskError: where a pod can't be evicted; then those that no earlier run began with are given back. Where
        nothing was begun at all, the upgrade is over.
    """
    names = [machine.name for machine in batch]
    fresh = [machine.name for machine in batch if machine.status != "upgrading"]
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    if batch[0].role == "master":
        try:
            others_well(session, cluster, batch[0])
        except CskError:
            _end_unbegun(session, cluster)
            raise
    with session.api(cluster, timeout=15) as api:
        begun = [m.name for m in batch if m.role == "worker" and m.name in fresh]
        found = judge(session, cluster, api, begun)
        live, died = found.live, [name for name in begun if found.ways.get(name) != "evict"]
        if died:
            fix = f"start its machine, or leave it out (csk_upgrade_options.accept: [dead_workers]); {AGAIN}"
            raise CskError([Problem(f"node {n}", "died while others were upgraded.", _RULE, fix) for n in died])
        session.ledger.set_machine_status(cluster.name, names, "upgrading")
        # A Node that isn't there: a run that was killed was about to give it back.
        there = [name for name in names if name in live.observed.nodes]
        ours = [name for name in there if is_ours(name, live)]
        for name in ours:
            api.cordon(name)
        left, came = drain(api, there, drain_of(batch[0], pools, accept), session.say)
        for one in came:
            session.say(str(one))
        if not left:
            return [*(f"{name}: emptied." for name in there), *map(str, came)]
        for name in ours:
            if name in fresh:
                api.uncordon(name)
    session.ledger.set_machine_status(cluster.name, fresh, "ready")
    _end_unbegun(session, cluster)
    raise CskError([Problem(f"node {o.node}", f"can't be emptied: pod {o.pod}: {o.why}.", _RULE, o.fix) for o in left])


def _end_unbegun(session: Session, cluster: Cluster) -> None:
    """End an upgrade of which no machine has anything yet; the cluster is an ordinary one then."""
    machines = session.ledger.machines(cluster.name)
    if not any(m.version != cluster.version or m.status == "upgrading" for m in machines):
        session.ledger.set_upgrade(cluster.name, None)
        session.unlock(cluster.name)


def confirm(session: Session, cluster: Cluster, machine: Machine, version: str) -> list[str]:
    """Wait until a node is well with a version; let pods onto it again, and record it.

    :raises CskError: with what is wrong after the time.
    """

    def say(line: str) -> None:
        session.say(f"{machine.name}: {line}")

    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    with session.api(cluster, timeout=15) as api:
        left = wait(_faults(session, cluster, machine, version, api), WELL_SECONDS, say)
        if not left and machine.replaces:
            put_labels(api, [machine], pools, api.observe())
        if not left and machine.role == "worker":
            image = f"{PAUSE_IMAGE}:{session.release(version)['pause']['tag']}"
            left = probe_faults(api, machine, image, PROBE_SECONDS, say)
        if not left:
            left = wait(lambda: _uncordon(api, machine.name), PROBE_SECONDS, say)
        if left:
            what = f"isn't well after its change: {'; '.join(left)}."
            fix = f"look at its kubelet's journal and its pods; {AGAIN}"
            raise CskError(Problem(f"node {machine.name}", what, _RULE, fix))
    session.ledger.set_machine_version(cluster.name, [machine.name], version)
    session.ledger.set_machine_status(cluster.name, [machine.name], "ready")
    return [f"{machine.name}: has {version}."]


def _uncordon(api: ClusterApi, name: str) -> list[str]:
    """Let pods onto a Node again, where csk kept them away; what is in the way."""
    node = api.observe().nodes.get(name)
    if node is None:
        return ["the API doesn't answer"]
    if node.cordoned_by_csk:
        api.uncordon(name)
    return []


def _faults(
    session: Session, cluster: Cluster, machine: Machine, version: str, api: ClusterApi
) -> Callable[[], list[str]]:
    if machine.role == "master":
        return partial(master_faults, session, cluster, machine, version, [])
    return lambda: node_faults(api.observe(), machine, version)


def give_back(session: Session, cluster: Cluster, machine: Machine, step: str, cause: str, outcome: str) -> None:
    """After a master's components were put back as they were: wait until it is well, record it, and tell the cause.

    :param step: what was being done to it.
    :param outcome: of putting it back: done, nothing (it had not been changed yet), or failed.
    :raises CskError: always, with the cause.
    """
    told = f"{step}: {cause}".strip()
    state = {
        "done": f"Its components were put back to {cluster.version}",
        "nothing": "Nothing of it was changed",
        "failed": f"It couldn't be put back to {cluster.version}: see above.",
    }[outcome]
    if outcome != "failed":
        try:
            confirm(session, cluster, machine, cluster.version)
            state += ", and it is well."
        except CskError as error:
            # Its etcd may have to stay: a newer member can't be put back once the cluster has risen.
            state += f"; {error.problems[0].what}"
        _end_unbegun(session, cluster)
    what = f"wasn't upgraded: {told} {state}"
    raise CskError(Problem(f"node {machine.name}", what, _RULE, f"see to the cause, {AGAIN}"))
