# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upgrade would do, in which order, and everything that is in its way: pure functions of what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.draining import Obstacle
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine
from ..core.names import UNREACHED
from ..core.observed import EtcdMember, NodeState, Webhook
from .upgrade_rules import Upgrade
from .versions import minor_of, version_key
from .webhooks import in_the_way

KUBELET_SKEW = 3  # minors that a kubelet may be behind its API server (kubernetes.io, Version Skew Policy)
ETCD_FULL = 0.8  # of the space that etcd may use
IMAGES_TIMES = 3  # an archive's bytes: its content, its unpacked layers, and some room
PERCENT = 100
# What a person may accept, and what the upgrade does then.
ACCEPT = {
    "expired": "the source's minor is no longer valid: nobody has tried this upgrade lately",
    "budgets": "a budget allows no disruption: the upgrade waits at that node until it does, or stops there",
    "pods": "pods that can't be evicted: they are lost",
    "stored_objects": "objects are stored in a version that the target removed: it may not be able to read them",
    "deprecated_apis": "clients use APIs that the target doesn't have: their requests will fail",
    "webhooks": "admission webhooks that nobody serves refuse pods or evictions: the upgrade waits, and may stop there",
    "dead_workers": "workers that aren't Ready: they are left out",
}


@dataclass(frozen=True)
class Found:
    """What was found of a cluster before an upgrade.

    :param stopped: machines that don't run.
    :param strange: masters whose etcd isn't the cluster's any more, each with why.
    :param budgets: PodDisruptionBudgets (``namespace/name``) that allow no disruption now.
    :param webhooks: all admission webhooks.
    :param pods: pods that couldn't be evicted.
    :param deprecated: APIs that clients asked for and that a release has not: (group/version resource, that release).
    :param stored: versions that the target removed and objects are stored in: (group/version/resource, how many).
    :param faults: what is wrong with the target's artifacts and image.
    :param disk_free: bytes where the machines' data lie.
    :param images: bytes of the target's images.
    """

    reachable: bool
    nodes: Mapping[str, NodeState] = field(default_factory=dict)
    stopped: Sequence[str] = ()
    etcd: Sequence[EtcdMember] = ()
    strange: Mapping[str, str] = field(default_factory=dict)
    budgets: Sequence[str] = ()
    webhooks: Sequence[Webhook] = ()
    pods: Sequence[Obstacle] = ()
    deprecated: Sequence[tuple[str, str]] = ()
    stored: Sequence[tuple[str, int]] = ()
    faults: Sequence[Problem] = ()
    disk_free: int = 0
    images: int = 0


@dataclass(frozen=True)
class UpgradePlan:
    """What an upgrade does.

    :param masters: in the order in which they are changed.
    :param batches: of workers, one after another.
    :param replaced: batches of workers whose places new machines take.
    :param then: the exact versions that the path goes on to.
    :param left_out: workers that don't answer, accepted by a person.
    :param snapshot_from: the master that etcd's snapshot is taken from; empty once one has the target.
    :param problems: what is in the way.
    :param accepted: what would be in the way, had nobody accepted it.
    """

    source: str
    target: str
    masters: tuple[str, ...] = ()
    batches: tuple[tuple[str, ...], ...] = ()
    replaced: tuple[tuple[str, ...], ...] = ()
    left_out: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    snapshot_from: str = ""
    problems: tuple[Problem, ...] = ()
    accepted: tuple[str, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether every machine has the target already."""
        return not self.masters and not self.batches and not self.replaced

    @property
    def snapshot(self) -> bool:
        """Whether etcd's snapshot is taken: as long as no master has the target."""
        return bool(self.snapshot_from)

    @property
    def surge(self) -> int:
        """How many more machines there are at once, at most."""
        return max(map(len, self.replaced), default=0)

    def sentences(self) -> list[str]:
        """What would be done, one line for each machine, in order."""
        lines = ["etcd: take a snapshot."] if self.snapshot else []
        lines += [f"{name}: upgrade the master to {self.target}." for name in self.masters]
        lines += ["add-ons and network plugin: bring them to the same release."] if self.masters else []
        for number, batch in enumerate(self.batches, 1):
            lines.append(f"batch {number} of {len(self.batches)}: upgrade {', '.join(batch)}.")
        for number, batch in enumerate(self.replaced, 1):
            lines.append(f"batch {number} of {len(self.replaced)}: new machines for {', '.join(batch)}, which go then.")
        return lines + [f"then the same to {version}." for version in self.then]


def plan(
    cluster: Cluster,
    machines: Sequence[Machine],
    rule: Upgrade,
    found: Found,
    options: Mapping[str, Any],
    following: Sequence[Upgrade] = (),
) -> UpgradePlan:
    """What is to be done, and everything that is in its way.

    A machine that an upgrade was begun on, and not ended, is no obstacle by itself: it comes first.

    :param rule: what the catalogue says of this upgrade.
    :param options: those of csk_upgrade: accept, max_unavailable, workers.
    :param following: what the catalogue says of the rest of the path.
    """
    target = rule.target
    left = [machine for machine in machines if machine.version != target]
    old = {machine.name for machine in left}
    # A worker that takes another's place, and one that is going, needn't be well: a run that was killed left them.
    passing = [m.name for m in machines if m.replaces in old or m.status == "leaving"]
    dead = [m.name for m in machines if m.role == "worker" and m.name not in passing and not _well(m, found)]
    masters = sorted((m for m in left if m.role == "master"), key=lambda m: m.status != "upgrading")
    workers = sorted(
        (m for m in left if m.role == "worker" and m.name not in dead),
        key=lambda m: m.status not in ("upgrading", "leaving"),
    )
    # Etcd of one that an upgrade was begun on may not run.
    whole = [m.name for m in masters if m.status != "upgrading"] or [m.name for m in masters]
    intact = all(m.version != target for m in machines if m.role == "master")
    begun = {m.replaces for m in machines}
    anew = [m for m in workers if options["workers"] == "replace" or m.name in begun]
    most = options["max_unavailable"]
    result = UpgradePlan(
        source=cluster.version,
        target=target,
        masters=tuple(machine.name for machine in masters),
        batches=tuple(batches([m for m in workers if m not in anew], machines, most, dead)),
        replaced=tuple(batches(anew, machines, most)),
        snapshot_from=whole[0] if whole and intact else "",
        left_out=tuple(name for name in dead if name in old),
        then=tuple(step.target for step in following),
    )
    if not left:
        return result
    every = _obstacles(cluster, machines, [m for m in left if m not in anew], dead, rule, found)
    every += [problem for step in following for problem in _by_rule(cluster, step)]
    accepted = set(options["accept"]) - {""}
    if cluster.upgrade_to:
        accepted.add("budgets")  # what a run that was killed has evicted may not be there again; the drain waits for it
    problems = [problem for name, problem in every if name not in accepted]
    told = [str(problem) for name, problem in every if name in accepted]
    return replace(result, problems=tuple(problems), accepted=tuple(told))


def batches(
    workers: Sequence[Machine], machines: Sequence[Machine], max_unavailable: str, dead: Sequence[str] = ()
) -> list[tuple[str, ...]]:
    """The workers' names, by pool, in batches of 1, 2, 4 ... up to what may be unavailable of a pool.

    :param dead: workers that are unavailable already.
    """
    found = []
    for pool in dict.fromkeys(machine.pool for machine in workers):
        names = [machine.name for machine in workers if machine.pool == pool]
        mine = [machine.name for machine in machines if machine.pool == pool]
        most = max(1, at_once(max_unavailable, len(mine)) - len(set(mine) & set(dead)))
        size = 1
        while names:
            found.append(tuple(names[:size]))
            names = names[size:]
            size = min(size * 2, most)
    return found


def at_once(max_unavailable: str, size: int) -> int:
    """How many of a pool's workers may be unavailable at once; at least one.

    :raises CskError: for what is neither a number nor percent.
    """
    text = str(max_unavailable).strip()
    percent = text.endswith("%")
    number = text.removesuffix("%")
    if not number.isdecimal() or not int(number) or (percent and int(number) > PERCENT):
        rule = "it is a number of workers, 1 or more, or percent of a pool, up to 100%."
        raise CskError(
            Problem("csk_upgrade_options.max_unavailable", f"is {max_unavailable!r}.", rule, "write 2, or 10%.")
        )
    return max(1, size * int(number) // PERCENT if percent else int(number))


def _well(machine: Machine, found: Found) -> bool:
    node = found.nodes.get(machine.name)
    if machine.name in found.stopped:
        return False
    return not found.reachable or machine.status == "upgrading" or bool(node and node.ready and node.kubelet)


def _obstacles(
    cluster: Cluster,
    machines: Sequence[Machine],
    changing: Sequence[Machine],
    dead: Sequence[str],
    rule: Upgrade,
    found: Found,
) -> list[tuple[str, Problem]]:
    """Everything in the way, each with the name by which a person may accept it (empty: nobody may).

    :param changing: the machines that get the target's images.
    """
    masters_left = any(machine.role == "master" for machine in changing)
    every = _by_rule(cluster, rule) if masters_left else []
    every += [("", problem) for problem in found.faults]
    need = found.images * IMAGES_TIMES * len(changing)
    if found.disk_free < need and not cluster.upgrade_to:  # else the images may be there already
        what = f"{found.disk_free >> 20} MiB are free; {len(changing)} machines take {need >> 20} MiB."
        every.append(("", Problem("disk of the machines", what, "each gets the target's images.", "free some.")))
    for name, why in found.strange.items():
        fix = "run the playbook csk.kubernetes.create first, which replaces it."
        every.append(("", Problem(f"node {name}", f"{why}.", "all masters' etcd is one cluster.", fix)))
    if not found.reachable:
        fix = "start the masters' machines." if cluster.upgrade_to else "run the playbook csk.kubernetes.create first."
        what = "doesn't answer."
        return [*every, ("", Problem(f"API of {cluster.name}", what, "a healthy cluster is upgraded.", fix))]
    every += [_skew(m, found.nodes[m.name], rule) for m in machines if _too_old(m, found, rule)]
    unready = [m.name for m in machines if m.role == "master" and not _well(m, found)]
    create = "run the playbook csk.kubernetes.create first, which repairs them"
    fix = "start their machines" if cluster.upgrade_to else create  # then create only replaces masters that are gone
    if unready:
        rule_text = "masters are upgraded one at a time, and never two are unready."
        how = f"{fix}; where one is gone, {create}." if cluster.upgrade_to else f"{fix}."
        every.append(("", Problem(f"masters {', '.join(unready)}", _unwell(unready, found), rule_text, how)))
    if dead:
        what, rule_text = _unwell(dead, found), "a healthy cluster is upgraded."
        fix += ", or leave them out: " + _by_name("dead_workers")
        every.append(("dead_workers", Problem(f"workers {', '.join(dead)}", what, rule_text, fix)))
    if masters_left:
        every += [("", problem) for problem in _etcd(machines, found)]
    return every + _webhooks(found) + _pods(found) + _stored(found) + _apis(rule, found)


def _unwell(names: Sequence[str], found: Found) -> str:
    unreached = [n for n in names if n not in found.stopped and n in found.nodes and found.nodes[n].ready]
    told = [f"{', '.join(unreached)}: {UNREACHED}"] if unreached else []
    return "; ".join([*(["aren't Ready"] if len(unreached) < len(names) else []), *told]) + "."


def _by_rule(cluster: Cluster, rule: Upgrade) -> list[tuple[str, Problem]]:
    if rule.allowed or rule.target in (rule.source, cluster.upgrade_to):  # one that was begun is finished
        return []
    text = "one minor at a time, to a new minor from 14 days on, and not from an expired one; patches at once."
    name = "expired" if rule.expired else ""
    fix = f"see csk.kubernetes.info; {_by_name(name)}" if name else "see csk.kubernetes.info for what is allowed."
    if len(rule.steps) > 1:
        way = ", ".join(minor_of(step.target) for step in rule.steps)
        fix = f"go there step by step, each finished before the next: csk_upgrade_options.path: [{way}]."
    return [(name, Problem("csk_upgrade_to", f"{rule.source} -> {rule.target}: {rule.reason}", text, fix))]


def _too_old(machine: Machine, found: Found, rule: Upgrade) -> bool:
    node = found.nodes.get(machine.name)
    if node is None:
        return False
    behind = version_key(minor_of(rule.target))[1] - version_key(minor_of(node.version.removeprefix("v")))[1]
    return behind > KUBELET_SKEW or behind < 0


def _skew(machine: Machine, node: NodeState, rule: Upgrade) -> tuple[str, Problem]:
    text = f"a kubelet is at most {KUBELET_SKEW} minors older than its API server, and never newer."
    what = f"its kubelet has {node.version}; the API servers would have v{rule.target}."
    return "", Problem(f"node {machine.name}", what, text, "replace the node by the playbook csk.kubernetes.scale.")


def _etcd(machines: Sequence[Machine], found: Found) -> list[Problem]:
    problems = []
    upgrading = {machine.name for machine in machines if machine.status == "upgrading"}
    there = {member.name for member in found.etcd}
    missing = [m.name for m in machines if m.role == "master" and m.name not in there | upgrading]
    if missing:
        what, text = "have no member of etcd.", "every master has a healthy member."
        fix = "see csk.kubernetes.info, and what etcdctl member list says."
        problems.append(Problem(f"masters {', '.join(missing)}", what, text, fix))
    for member in found.etcd:
        where = f"etcd of {member.name}"
        if member.problem and member.name not in upgrading:
            text = "every member of etcd is healthy before one is upgraded."
            problems.append(Problem(where, f"{member.problem}.", text, "see its log: kubectl -n kube-system logs."))
        if member.used > member.quota * ETCD_FULL:
            what = f"uses {member.used >> 20} of {member.quota >> 20} MiB."
            fix = "delete what isn't needed, then etcdctl defrag."
            problems.append(Problem(where, what, f"at most {ETCD_FULL:.0%} of its space is used.", fix))
    return problems


def _webhooks(found: Found) -> list[tuple[str, Problem]]:
    text = "a webhook that fails closed is served while nodes are emptied and pods come back."
    fix = f"see to the pods of its service, or remove it; {_by_name('webhooks')}"
    return [
        ("webhooks", Problem(f"{webhook.configuration}, {webhook.name}", f"is asked when {kept}, fails closed, and the "
                             f"service {webhook.service} has no ready endpoint.", text, fix))
        for webhook, kept in in_the_way(found.webhooks)
    ]  # fmt: skip


def _pods(found: Found) -> list[tuple[str, Problem]]:
    text = "nodes are emptied by evictions that budgets allow."
    every = [
        ("budgets", Problem(f"PodDisruptionBudget {name}", "allows no disruption now.", text,
                            f"add replicas, or change the budget; {_by_name('budgets')}"))
        for name in found.budgets
    ]  # fmt: skip
    every += [
        ("pods", Problem(f"pod {o.pod} on {o.node}", f"{o.why}.", text, f"{o.fix} Or {_by_name('pods')}"))
        for o in found.pods
    ]
    return every


def _stored(found: Found) -> list[tuple[str, Problem]]:
    text = "what is stored can be read by the target."
    every = []
    for name, count in found.stored:
        resource = name.rpartition("/")[2]
        fix = f"store them anew: kubectl get {resource} -A -o json | kubectl replace -f -; {_by_name('stored_objects')}"
        every.append(("stored_objects", Problem(f"API {name}", f"objects that are stored in it: {count}.", text, fix)))
    return every


def _apis(rule: Upgrade, found: Found) -> list[tuple[str, Problem]]:
    text = "what asks for an API that the target doesn't have will fail."
    return [
        (
            "deprecated_apis",
            Problem(f"API {name}", f"is in use, and goes with {release}.", text, "change those clients; "
                    + _by_name("deprecated_apis")),
        )
        for name, release in found.deprecated
        if version_key(release) <= version_key(minor_of(rule.target))
    ]  # fmt: skip


def _by_name(name: str) -> str:
    return f"to accept it (csk_upgrade_options.accept: [{name}]) means: {ACCEPT[name]}."


def unknown_accept(names: Iterable[Any]) -> list[Problem]:
    """Names that stand for no obstacle."""
    rule = "only some obstacles may be accepted, by their names."
    fix = f"use some of {', '.join(ACCEPT)}."
    return [
        Problem("csk_upgrade_options.accept", f"has {name!r}, which is no obstacle's name.", rule, fix)
        for name in names
        if name not in ACCEPT
    ]
