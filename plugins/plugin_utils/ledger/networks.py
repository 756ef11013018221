# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network and which addresses are free. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, TypeGuard

from ..core.errors import CskError, Problem
from ..core.models import Cluster

#: Where networks come from when none is asked for, and how large they are.
NETWORKS = IPv4Network("172.30.0.0/16")
PREFIX = 24
#: The endpoint's place in the network, and that of the first machine; what is below belongs to the provider.
ENDPOINT_OFFSET = 10
MACHINE_OFFSET = 11


def first_free(taken: Iterable[str]) -> IPv4Network | None:
    """Return the first network that overlaps none of ``taken`` (CIDRs; those of IPv6 don't matter), or None."""
    used = [(int(net.network_address), int(net.broadcast_address)) for net in map(_network, taken) if _is_ipv4(net)]
    for candidate in NETWORKS.subnets(new_prefix=PREFIX):
        first, last = int(candidate.network_address), int(candidate.broadcast_address)
        if all(last < low or high < first for low, high in used):
            return candidate
    return None


def overlapping(wanted: IPv4Network, others: dict[str, str]) -> dict[str, str]:
    """Return those of ``others`` (what it is: its CIDR) that overlap ``wanted``."""
    return {
        what: cidr for what, cidr in others.items() if _is_ipv4(network := _network(cidr)) and network.overlaps(wanted)
    }


def endpoint(network: IPv4Network) -> str:
    """Return the endpoint's address."""
    return str(network.network_address + ENDPOINT_OFFSET)


def machine_places(network: IPv4Network) -> int:
    """Return how many machines the network holds."""
    return max(0, network.num_addresses - MACHINE_OFFSET - 1)


def free_addresses(cidr: str, used: Iterable[str]) -> Iterator[str]:
    """Yield the addresses for machines that aren't used, lowest first."""
    network, taken = IPv4Network(cidr), set(used)
    for offset in range(MACHINE_OFFSET, network.num_addresses - 1):
        if (address := str(network.network_address + offset)) not in taken:
            yield address


def choose(known: Iterable[Cluster], spec: dict[str, Any], taken: Iterable[str], wanted: str | None) -> IPv4Network:
    """Return the network for a new cluster: the wanted one if it is right and free, else the first free one.

    :param known: the clusters that there are.
    :param spec: the new one's settings.
    :param taken: networks that exist where the machines will be.
    :raises CskError: when the wanted one is malformed, too small or taken, or none is free.
    """
    others = {f"the network of the cluster {cluster.name!r}": cluster.vpc_cidr for cluster in known}
    others |= {f"csk_cluster.{key}": spec[key] for key in ("pod_cidr", "service_cidr") if spec.get(key)}
    others |= {f"the network {cidr} that exists already": cidr for cidr in taken}
    if wanted is None:
        network = first_free(others.values())
        if network is None:
            raise CskError(
                Problem(
                    "csk_cluster.vpc_cidr",
                    f"no /{PREFIX} of {NETWORKS} is free for the machines.",
                    "the machines' network overlaps no other network.",
                    "name a free network by csk_cluster.vpc_cidr, or delete clusters that are not needed.",
                )
            )
        return network
    try:
        network = IPv4Network(wanted)
    except ValueError as error:
        raise CskError(
            Problem(
                "csk_cluster.vpc_cidr",
                f"{wanted!r} is no IPv4 network: {error}.",
                "the machines' network is an IPv4 network in CIDR notation, with no host bits set.",
                "write for example 172.30.5.0/24.",
            )
        ) from None
    problems = [
        Problem(
            "csk_cluster.vpc_cidr",
            f"{network} overlaps {what} ({cidr}).",
            "the machines' network overlaps no other network.",
            "choose another one, or leave it out: then csk chooses.",
        )
        for what, cidr in overlapping(network, others).items()
    ]
    if machine_places(network) < 1:
        problems.append(
            Problem(
                "csk_cluster.vpc_cidr",
                f"{network} is too small.",
                f"the first {MACHINE_OFFSET} addresses and the last one are not for machines.",
                "choose a /24, which holds 244 machines.",
            )
        )
    if problems:
        raise CskError(problems)
    return network


def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)


def _is_ipv4(network: IPv4Network | IPv6Network) -> TypeGuard[IPv4Network]:
    return isinstance(network, IPv4Network)
