# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of an upgrade that csk takes through ledger, provider and API; what happens on the hosts is the role's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from . import catalogue, upgrade_plan, upgrade_rules
from .checking import refuse_restoring
from .cluster_api import ClusterApi
from .drain import drain
from .errors import CskError, Problem
from .health import master_faults, node_faults, probe_faults, serving_faults, wait
from .lifecycle import write_record
from .models import Cluster, Machine, NewMachine, masters_of
from .quotas import nodes_problem
from .reconcile import end_token, machines, put_labels
from .removal import answers, is_ours, remove_workers, settled
from .session import Session
from .upgrade_facts import drain_of, look
from .upgrade_plan import UpgradePlan

WELL_SECONDS = 180  # for a node to be well again after its change
PROBE_SECONDS = 60
OTHERS_SECONDS = 30  # for the other masters to be well before one is changed
MOMENT_SECONDS = 5  # for a member of etcd that is written to, to have what another one had
PAUSE_IMAGE = "registry.k8s.io/pause"
_RULE = "a node is emptied, changed, and well again before the next one."
# While an upgrade is under way, create only replaces masters that are gone.
_START = "start its machine, or what of it doesn't run; where it is gone, run the playbook csk.kubernetes.create"
_AGAIN = "then run the playbook csk.kubernetes.upgrade again; it goes on from there."


def make_plan(session: Session, cluster: Cluster, to: str, options: dict[str, Any]) -> UpgradePlan:
    """What an upgrade would do, and what is in its way.

    :param to: a minor, or an exact version.
    :param options: accept, max_unavailable, workers, path.
    :raises CskError: for options that can't be right, and where another upgrade is under way.
    """
    target = catalogue.resolve(to, session.minors, "csk_upgrade_to")
    wrong = upgrade_plan.unknown_accept(options["accept"])
    if wrong:
        raise CskError(wrong)
    refuse_restoring(cluster)
    if cluster.status != "ready":
        what, rule = f"{cluster.name} is {cluster.status}.", "a finished cluster is upgraded."
        raise CskError(Problem("csk_name", what, rule, "run the playbook csk.kubernetes.create first."))
    stops = upgrade_rules.stops(cluster.version, target, options["path"], session.minors, cluster.upgrade_to)
    target = stops[0]
    if cluster.upgrade_to and cluster.upgrade_to != target:
        what = f"says {target}; an upgrade to {cluster.upgrade_to} is under way."
        fix = f"run the playbook csk.kubernetes.upgrade with csk_upgrade_to={cluster.upgrade_to} first."
        raise CskError(Problem("csk_upgrade_to", what, "an upgrade that was begun is finished.", fix))
    machines = session.ledger.machines(cluster.name)
    rules = [upgrade_rules.judge(*step, session.minors, session.today) for step in pairwise([cluster.version, *stops])]
    upgrade_plan.at_once(options["max_unavailable"], 1)
    if all(machine.version == target for machine in machines) and not stops[1:]:
        return UpgradePlan(cluster.version, target)
    found = look(session, cluster, machines, stops)
    result = upgrade_plan.plan(cluster, machines, rules[0], found, options, rules[1:])
    more = result.surge and surge_problems(session, cluster, machines, result)
    return replace(result, problems=(*result.problems, *more)) if more else result


def surge_problems(
    session: Session, cluster: Cluster, machines: Sequence[Machine], planned: UpgradePlan
) -> list[Problem]:
    """Why so many new machines can't be there beside the old ones."""
    names, masters = {machine.name for machine in machines}, len(masters_of(machines))
    more = max(planned.surge - sum(machine.replaces in names for machine in machines), 0)
    where = "csk_upgrade_options.workers"
    quota = nodes_problem(masters, len(machines) - masters + more, session.quotas.nodes, where)
    found = session.provider(cluster.spec).check(planned.target, more)
    return [quota, *found] if quota else found


def show(plan: UpgradePlan, name: str, say: Callable[[str], None], warn: Callable[[str], None]) -> list[str]:
    """Tell a plan; what would be done, in sentences.

    :raises CskError: with all that is in its way.
    """
    changes = plan.sentences()
    say(f"{name}: {plan.source} -> {plan.target}: {len(changes) or 'nothing'} to do")
    for line in changes:
        say(f"  {line}")
    for node in plan.left_out:
        say(f"  {node}: left out; it isn't Ready.")
    for told in plan.accepted:
        warn(f"accepted: {told}")
    if plan.problems:
        raise CskError(plan.problems)
    return changes


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
        live = settled(session, cluster, api, fresh)
        died = [m.name for m in batch if m.role == "worker" and m.name in fresh and not answers(m.name, live)]
        if died:
            fix = f"start its machine, or leave it out (csk_upgrade_options.accept: [dead_workers]); {_AGAIN}"
            raise CskError([Problem(f"node {n}", "died while others were upgraded.", _RULE, fix) for n in died])
        session.ledger.set_machine_status(cluster.name, names, "upgrading")
        # A Node that isn't there: a run that was killed was about to give it back.
        there = [name for name in names if name in live.observed.nodes]
        ours = [name for name in there if is_ours(name, live)]
        for name in ours:
            api.cordon(name)
        left = drain(api, there, drain_of(batch[0], pools, accept), session.say)
        if not left:
            return [f"{name}: emptied." for name in there]
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
        session.ledger.unlock(cluster.name, session.run)


def others_well(session: Session, cluster: Cluster, machine: Machine) -> None:
    """See that all other masters serve, before this one is changed.

    :raises CskError: with what is wrong.
    """
    problems = []
    for other in masters_of(session.ledger.machines(cluster.name)):
        if other.name == machine.name:
            continue
        found = wait(partial(serving_faults, session, cluster, other), OTHERS_SECONDS, session.say)
        if found:
            what, rule = f"isn't well: {'; '.join(found)}.", "masters are changed one at a time; never two are unready."
            create = "run the playbook csk.kubernetes.create, which repairs it"
            fix = f"{_START if cluster.upgrade_to else create}; then run this playbook again."
            problems.append(Problem(f"node {other.name}", what, rule, fix))
    if problems:
        raise CskError(problems)


def take_turn(session: Session, cluster: Cluster, machine: Machine) -> None:
    """Record that a master gets new certificates now, once all others are well; a killed run begins with it again.

    :raises CskError: with what is wrong with the others.
    """
    others_well(session, cluster, machine)
    session.ledger.set_machine_status(cluster.name, [machine.name], "upgrading")


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
            fix = f"look at its kubelet's journal and its pods; {_AGAIN}"
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
    session: Session, cluster: Cluster, machine: Machine, version: str, api: ClusterApi | None = None
) -> Callable[[], list[str]]:
    goal: list[int] = []
    if api is None or machine.role == "master":
        return lambda: master_faults(session, cluster, machine, version, goal)
    return lambda: node_faults(api.observe(), machine, version)


def surge(session: Session, cluster: Cluster, batch: Sequence[str]) -> tuple[dict[str, str], list[Any], list[str]]:
    """Make the machines that take the places of a batch of workers; those that a killed run made are taken up.

    :returns: worker -> the one that takes its place; the hosts that the roles have work on; what was done.
    """
    there = session.ledger.machines(cluster.name)
    taken = {machine.replaces for machine in there}
    new = [
        NewMachine("worker", m.pool, m.zone, m.origin, m.added_at, m.name)
        for m in there
        if m.name in batch and m.name not in taken
    ]
    session.ledger.add_machines(cluster.name, new, session.quotas.nodes)
    heirs = [machine for machine in session.ledger.machines(cluster.name) if machine.replaces in batch]
    with session.step(cluster.name, f"new machines for {', '.join(batch)}"):
        hosts, done = machines(session, cluster, heirs, session.live(cluster, heirs))
    return {str(heir.replaces): heir.name for heir in heirs}, hosts, done


def retire(session: Session, cluster: Cluster, batch: Sequence[str], accept: Sequence[str]) -> list[str]:
    """Remove the workers of a batch, whose places others took; what was done, in sentences.

    :raises CskError: where one can't be emptied; it stays, and so do those after it.
    """
    pools = {pool.name: pool for pool in session.ledger.pools(cluster.name)}
    going = [machine for machine in session.ledger.machines(cluster.name) if machine.name in batch]
    if not going:
        return []
    how = drain_of(going[0], pools, accept)
    done, problems = remove_workers(session, cluster, going, how, session.live(cluster))
    if problems:
        raise CskError(problems, {"changes": done})
    return done


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
    raise CskError(Problem(f"node {machine.name}", what, _RULE, f"see to the cause, {_AGAIN}"))


def begin_renewal(session: Session, cluster: Cluster) -> tuple[list[Machine], list[str]]:
    """See that all masters are well before one of them gets new certificates.

    :returns: the masters in the order of their turns; what would be done, in sentences.

    :raises CskError: with what is wrong.
    """
    masters = masters_of(session.ledger.machines(cluster.name))
    # A run that was killed at one of them goes on there.
    masters.sort(key=lambda master: master.status != "upgrading")
    rule = "one master at a time gets new certificates, while the others are well."
    fix = "run the playbook csk.kubernetes.create first, which repairs them."
    running = {s.name for s in session.provider(cluster.spec).list(cluster.name) if s.status == "running"}
    problems = []
    for master in masters:
        if master.name not in running:
            found = ["its machine doesn't run"]
        elif master.status == "upgrading":
            continue
        else:
            found = wait(_faults(session, cluster, master, cluster.version), MOMENT_SECONDS, session.say)
        if found:
            problems.append(Problem(f"node {master.name}", f"isn't well: {'; '.join(found)}.", rule, fix))
    if problems:
        raise CskError(problems)
    return masters, [f"{master.name}: renew its certificates." for master in masters]


def masters_done(session: Session, cluster: Cluster, target: str) -> list[str]:
    """Record that the control plane has the target; what is made from now on has it too."""
    if cluster.version == target:
        return []
    session.ledger.set_version(cluster.name, target)
    return [f"cluster {cluster.name}: has {target}."]


def finish(session: Session, cluster: Cluster, timeout: int) -> list[str]:
    """Wait until nodes and add-ons are well, write the cluster's record, and end the upgrade.

    :raises CskError: with what is missing after the time.
    """
    machines = session.ledger.machines(cluster.name)
    names = [machine.name for machine in machines]
    left_out = [machine.name for machine in machines if machine.version != cluster.version]
    with session.api(cluster, timeout=15) as api:

        def faults() -> list[str]:
            observed = api.observe()
            staying = [m for m in machines if m.name not in left_out]
            found = [fault for m in staying for fault in node_faults(observed, m, m.version)]
            if not left_out:  # a DaemonSet can't be complete without them
                found += [f"{name} isn't available" for name, there in observed.addons.items() if not there]
            return found

        left = wait(faults, timeout, session.say)
        if left:
            what = f"isn't well after {timeout} s: {'; '.join(left)}."
            raise CskError(Problem(f"cluster {cluster.name}", what, "all nodes and add-ons are well.", _AGAIN))
        end_token(session, cluster, api)
        changes = write_record(session, session.cluster(cluster.name), api)
    session.provider(cluster.spec).deliver(cluster.name, names, None)
    session.ledger.set_upgrade(cluster.name, None)
    session.ledger.unlock(cluster.name, session.run)
    return [*changes, *(f"{name}: left out; it has another version." for name in left_out)]
