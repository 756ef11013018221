# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubelets of a release say to the settings of pools, before any machine has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from ..context.session import Session
from ..core.errors import CskError, Problem
from ..core.models import Cluster
from ..render import kubelet_trial
from ..rules import instance, settings


def kubelet_problems(
    session: Session,
    cluster: dict[str, Any],
    version: str,
    pools: Mapping[str, dict[str, Any]],
    recorded: Cluster | None = None,
    wrong: Sequence[Problem] = (),
) -> list[Problem]:
    """What the kubelet of a release would refuse, and so not start: it is asked itself, and nothing is made.

    :param cluster: the cluster's settings.
    :param version: exact.
    :param pools: the pool's place in the file -> its options.
    :param recorded: the cluster, where it is there: what people changed in its kubelets' configuration counts.
    :param wrong: what is known to be wrong; a pool that is isn't asked about.
    :raises CskError: where it can't be asked.
    """
    pools = {place: pool for place, pool in pools.items() if not any(told.where.startswith(place) for told in wrong)}
    fleet = session.planned_fleet(cluster, [pool["provider"] for pool in pools.values()])
    found: list[Problem] = []
    for provider in dict.fromkeys(settings.provider_of(pool, cluster) for pool in pools.values()):
        capacity = partial(fleet.capacity_at, provider)
        texts = {}
        for place, pool in pools.items():
            if settings.provider_of(pool, cluster) == provider:
                shared = fleet.shares_kernel(provider)
                text = instance.kubelet_config(pool["instance"], pool["kubelet"], capacity, shared)
                texts |= {place: text} if text else {}
                found += instance.reserved_problems(pool["instance"], pool["kubelet"], capacity, f"{place}.kubelet")
        if texts:
            script = kubelet_trial.script(_base(session, recorded), list(texts.values()))
            own, *refused = kubelet_trial.refusals(fleet.try_out_at(provider, version, script), len(texts))
            if own:
                what, rule = f"refuses to start on any node: {own}.", "a node's kubelet takes csk's own configuration."
                fix = f"run the playbook csk.kubernetes.node_image with csk_version={version}, or look at the host."
                return [*found, Problem(f"the kubelet of {version}", what, rule, fix)]
            rule = "a pool has what its kubelets take."
            found += [
                Problem(f"{place}.kubelet", f"the kubelet of {version} refuses it: {why}.", rule, "mend what it names.")
                for place, why in zip(texts, refused, strict=True)
                if why
            ]
    return found


def _base(session: Session, cluster: Cluster | None) -> str:
    """The configuration of a cluster's kubelets, which its pools' settings are merged into."""
    if cluster is not None and cluster.status == "ready":
        with suppress(CskError, LookupError), session.api(cluster) as api:
            return api.kubelet_config()
    return kubelet_trial.BARE
