# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which network and which addresses are free. Pure functions of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeGuard

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


def _network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr, strict=False)


def _is_ipv4(network: IPv4Network | IPv6Network) -> TypeGuard[IPv4Network]:
    return isinstance(network, IPv4Network)
