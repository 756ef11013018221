# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ends of a cluster's life: waiting until it is ready, and removing all of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..context.fencing import judge, take_out
from ..context.members import strangers
from ..context.session import Session
from ..control_planes.stacked import certificates
from ..control_planes.stacked.renew import renew_administrator
from ..core.errors import CskError, Problem
from ..core.models import Cluster, Machine, masters_of
from ..core.names import ADDONS, ORIGIN_LABEL, PORT
from ..core.observed import Observed
from ..kube.causes import AddonCauses
from ..kube.cluster_api import ClusterApi, nodes_missing
from ..render import pki
from ..rules.records import same_record
from . import argspec
from .labels import put_labels
from .orphans import remove_unknown
from .tokens import end_token

KUBECONFIG_MODE = 0o600


def make_ready(
    session: Session, cluster: Cluster, timeout: int, awaited: Callable[[Machine], bool]
) -> tuple[list[str], list[Machine]]:
    """Wait until Nodes are Ready and add-ons available; put labels right; end tokens; write the record.

    The masters and the add-ons make it a cluster to work on; a worker that doesn't come is told, and all else finished.

    :param awaited: which workers are waited for.
    :returns: what was changed, in sentences; the workers that were waited for in vain.
    :raises CskError: with what the masters and the add-ons still lack after the timeout, in seconds.
    """
    ledger = session.ledger
    recorded = ledger.machines(cluster.name)
    wanted = [machine for machine in recorded if machine.role == "master" or awaited(machine)]
    pools = {pool.name: pool for pool in ledger.pools(cluster.name)}
    changes: list[str] = []
    if renew_administrator(session, cluster):
        changes.append("administrator's certificate: renewed.")
    with session.api(cluster) as api:
        first = api.observe()
        if cluster.restore_from:
            changes += _forget_nodes(session, api, cluster, [machine.name for machine in recorded], timeout)
        if first.reachable:
            changes += put_labels(api, recorded, pools, first)
        lacking = _wait(session, api, cluster, wanted, timeout)
        # Labels and taints of the Nodes that joined or registered anew in this run.
        last = api.observe()
        changes += put_labels(api, recorded, pools, last)
        end_token(session, cluster, api)
        changes += write_record(session, cluster, api, last)
    well = {machine.name for machine in wanted} - {machine.name for machine in lacking}
    well |= {name for name, node in last.nodes.items() if node.ready}
    new = [machine.name for machine in recorded if machine.status != "ready" and machine.name in well]
    if new:
        ledger.set_machine_status(cluster.name, new, "ready")
    if cluster.status != "ready":
        ledger.set_ready(cluster.name)
        changes.append(f"cluster {cluster.name}: ready.")
    return changes, lacking


def _forget_nodes(session: Session, api: ClusterApi, cluster: Cluster, names: Sequence[str], timeout: int) -> list[str]:
    """Remove the Nodes that a snapshot brought back and whose machines csk removed after it was taken.

    One that lives is kept, and told.
    """
    api.wait(
        lambda observed: [] if observed.reachable else ["the API server doesn't answer"], timeout, lambda _left: None
    )
    unknown = [n.name for n in api.observe().nodes.values() if n.name not in names and ORIGIN_LABEL in n.labels]
    if not unknown:
        return []
    found = judge(session, cluster, api, unknown)
    gone = [name for name in unknown if found.ways.get(name) == "force"]
    session.fleet(cluster).stop([name for name in gone if name in found.live.machines])
    for name in gone:
        take_out(session, api, name)
    done = [f"{name}: its Node is removed; its machine went after the snapshot of {cluster.name}." for name in gone]
    kept = [
        f"{name}: its Node is kept; the ledger doesn't know it, and it lives." for name in unknown if name not in gone
    ]
    return done + kept


def _wait(
    session: Session, api: ClusterApi, cluster: Cluster, wanted: Sequence[Machine], timeout: int
) -> list[Machine]:
    """Wait for masters, add-ons and workers; the workers that didn't come."""
    masters = masters_of(wanted)
    workers = [machine for machine in wanted if machine.role == "worker"]
    causes = AddonCauses(api)

    def unavailable(observed: Observed) -> list[str]:
        gone = nodes_missing(observed, [machine.name for machine in masters])
        # In an upgrade a new master hasn't the old add-ons' images; the upgrade brings them to its release.
        if observed.reachable and not cluster.upgrade_to:
            gone += [f"{name} isn't available{causes.of(name)}" for name in ADDONS if not observed.addons.get(name)]
        return gone

    def unwell() -> list[str]:
        healthy = 0
        with suppress(CskError):  # its pod may not take commands yet
            healthy = api.healthy_etcd_members(masters[0].name)
        if healthy < len(masters):
            return [f"{healthy} of {len(masters)} etcd members are healthy"]
        strange, _address = strangers(session, cluster, masters)
        if strange:
            return [f"{name}: {why}" for name, why in strange.items()]
        old = certificates.outdated(cluster, masters, certificates.shown(masters), cluster.spec["endpoint_sans"])
        return [f"the API server of {machine.name} shows its old certificate" for machine in old]

    def missing(observed: Observed) -> list[str]:
        looked = workers if observed.reachable else []
        faults = {worker.name: nodes_missing(observed, [worker.name]) for worker in looked}
        lacking[:] = [worker for worker in workers if faults.get(worker.name)]
        absent = [fault for of_one in faults.values() for fault in of_one]
        own[:] = unavailable(observed) or ([] if absent else unwell())
        return own + absent

    def progress(left: list[str]) -> None:
        if left:
            session.say(f"{cluster.name}: waiting: {'; '.join(left)}")

    own: list[str] = []
    lacking: list[Machine] = []
    left = api.wait(missing, timeout, progress)
    if own or (lacking and (own := unwell())):
        what = f"isn't ready after {timeout} s: {'; '.join(dict.fromkeys([*own, *left]))}."
        fix = "look at the kubelet's journal on the nodes named here, then run the playbook again."
        raise CskError(
            Problem(f"cluster {cluster.name}", what, "all masters are Ready, all add-ons and etcd members well.", fix)
        )
    return lacking


def write_kubeconfig(session: Session, cluster: Cluster) -> Path:
    """The administrator's kubeconfig as a file that only the user can read; left alone where it is right."""
    secrets = session.ledger.secrets(cluster.name, ["ca.crt", "admin.crt", "admin.key"])
    server = f"https://{cluster.endpoint}:{PORT}"
    text = pki.admin_kubeconfig(cluster.name, server, secrets["ca.crt"], secrets["admin.crt"], secrets["admin.key"])
    path = session.folder(cluster.name) / "kubeconfig"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text or path.stat().st_mode & 0o777 != KUBECONFIG_MODE:
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=KUBECONFIG_MODE)
        new.write_text(text, "utf-8")
        new.rename(path)
    return path


def remove(session: Session, values: dict[str, Any], check: bool) -> list[str]:
    """Remove every object of a cluster, then its record, so that a killed removal is found and finished.

    :param values: csk_cluster's; its ``confirm`` is the cluster's name once more.
    :returns: what was removed, or would be, in sentences.
    """
    name, confirm = values["name"], values["confirm"]
    cluster = session.recorded(name)
    if cluster is None:
        return remove_unknown(session, values, check)
    if confirm != name:
        rule = "deleting a cluster asks for its name."
        fix = f"give csk_confirm={name}, if {name} is to go with all its data."
        raise CskError(Problem("csk_confirm", f"is {confirm!r}.", rule, fix))
    if cluster.spec["deletion_protection"]:
        rule = "a protected cluster can't be deleted."
        fix = "set deletion_protection: false in its file, run create, then delete it."
        raise CskError(Problem("csk_cluster.deletion_protection", f"{name} is protected.", rule, fix))
    fleet = session.fleet(cluster)  # a provider that can't be had is told before anything is begun
    fleet.check_places()
    if check:
        machines = ", ".join(machine.name for machine in session.ledger.machines(name))
        return [f"cluster {name}: remove it with the machines {machines}."]
    session.lock(name)
    cluster = session.ledger.cluster(name)
    if cluster is None:  # another run, or another task of this one, was first
        session.unlock(name)
        return []
    session.ledger.set_status(name, "deleting")
    fleet = session.fleet(cluster)  # as it is recorded now
    removed = fleet.delete_all()
    shutil.rmtree(session.folder(cluster.name), ignore_errors=True)
    session.ledger.delete_cluster(name)
    session.unlock(name)
    return [f"removed {thing}." for thing in removed] + [f"cluster {name}: removed."]


def write_record(session: Session, cluster: Cluster, api: ClusterApi, observed: Observed | None = None) -> list[str]:
    """Write the cluster's own record where it isn't right; what was done, in a sentence.

    :param observed: what the API shows; it is asked where this isn't given.
    """
    record = _record(session, cluster)
    if same_record((observed or api.observe()).record, record, argspec.completed):
        return []
    api.put_record(record)
    return ["record of the cluster: written."]


def _record(session: Session, cluster: Cluster) -> dict[str, str]:
    """What a lost ledger is rebuilt from; no secret is in it."""
    pools: dict[str, Any] = {pool.name: pool.spec for pool in session.ledger.pools(cluster.name)}
    return {
        "name": cluster.name,
        "id": cluster.id,
        "version": cluster.version,
        "vpc_cidr": cluster.vpc_cidr,
        "endpoint": cluster.endpoint,
        "created_at": cluster.created_at.isoformat(),
        "router_id": str(cluster.router_id),
        "spec": json.dumps(cluster.spec, sort_keys=True),
        "nodepools": json.dumps(pools, sort_keys=True),
    }
