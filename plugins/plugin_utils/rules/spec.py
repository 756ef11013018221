# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that a cluster file has to keep: pure functions of its values, each giving every problem it finds."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.errors import Problem
from . import instance
from .quotas import nodes_problem

IPv4 = ipaddress.IPv4Network

# This host, loopback, link-local, multicast (IANA, IPv4 Special-Purpose Address Registry).
_SPECIAL = [ipaddress.IPv4Network(cidr) for cidr in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4")]
NODE_MASK = 23  # of each node's pods: it holds 256 pods, the most a worker may have, with room for their turnover
SERVICE_PREFIXES = range(12, 27)  # the API server takes at most 20 bits; fewer than 64 addresses are soon used up
CLUSTER_NAME_LENGTH = 30
TAG_NAME_LENGTH, TAG_VALUE_LENGTH = 63, 255
LONGEST_WAIT = 7 * 24 * 3600  # seconds
RESERVED_POOLS = ("master",)  # masters are called master-1, master-2 ...

_DNS_LABEL = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
_DNS_NAME = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_NAME = re.compile(_DNS_NAME)
_DIRECT = re.compile(r"\*?\.?[A-Za-z0-9][A-Za-z0-9.:/-]*")
_URL = re.compile(r"https?://([A-Za-z0-9.:-]+)(/[A-Za-z0-9._~%/-]*)?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
HIGHEST_PORT, LONGEST_HOST, LONGEST_LABEL = 65535, 253, 63
_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_LABEL_KEY = re.compile(rf"(?=[^/]{{0,253}}/|[^/]*$)({_DNS_NAME}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_RESERVED_DOMAINS = re.compile(r"(.*\.)?(csk\.dev|kubernetes\.io|k8s\.io)/.*")


def cluster_problems(spec: dict[str, Any], nodes: int, where: str = "csk_cluster") -> list[Problem]:
    """Everything that is wrong with a cluster by itself.

    :param nodes: the quota of nodes, for which its networks must be large enough.
    """
    problems = name_problems(spec.get("name"), f"{where}.name", CLUSTER_NAME_LENGTH)
    problems += zone_problems(spec["zones"], f"{where}.zones")
    problems += tag_problems(spec["tags"], f"{where}.tags")
    if spec["masters"] not in (3, 5):
        problems.append(
            Problem(
                f"{where}.masters",
                f"is {spec['masters']}.",
                "etcd needs a majority, so a cluster has 3 or 5 masters.",
                "use 3 (one may fail) or 5 (two may fail).",
            )
        )
    problems += address_problems(spec, where)
    return problems + cidr_problems(spec, nodes, where)


def address_problems(spec: dict[str, Any], where: str) -> list[Problem]:
    """Names, addresses and URLs that end up in configuration files."""
    url = "is a URL without a user or a password, because settings are shown in results and in the cluster."
    host = "is a host, with or without a port."
    direct = "is a name, a suffix or a network."
    server = "is the IPv4 address of a name server that the nodes and their pods can reach."
    checks: list[tuple[str, list[Any], Callable[[str], bool], str, str]] = [
        (
            "endpoint_sans",
            spec["endpoint_sans"],
            lambda text: _is_host(text.removeprefix("*.")),
            "is a DNS name in lower case, or an IPv4 address.",
            "write it like api.example.org.",
        ),
        ("dns_servers", spec["dns_servers"], _is_server, server, "write it like 192.0.2.53."),
    ]
    problems = []
    names = [mirror["registry"] for mirror in spec["registry_mirrors"]]
    for index, mirror in enumerate(spec["registry_mirrors"]):
        key = f"registry_mirrors[{index}]"
        checks.append((f"{key}.registry", [mirror["registry"]], _is_host_and_port, host, "write it like docker.io."))
        checks.append((f"{key}.endpoints", mirror["endpoints"], _is_url, url, "write it like https://mirror:5000."))
        if mirror["registry"] in names[:index]:
            rule = "a registry is there once, with all its mirrors."
            problems.append(
                Problem(f"{where}.{key}.registry", "is there twice.", rule, "put their endpoints together.")
            )
        if not mirror["endpoints"]:
            rule = "a registry has at least one mirror."
            problems.append(Problem(f"{where}.{key}.endpoints", "is empty.", rule, "name one, or remove the registry."))
        if mirror.get("ca") is not None and not _is_certificate(mirror["ca"]):
            what, rule = "isn't a certificate.", "a mirror's CA is one or more certificates as PEM."
            problems.append(Problem(f"{where}.{key}.ca", what, rule, "paste the file as a block (ca: |)."))
    proxy = spec.get("proxy") or {}
    for key in ("http_proxy", "https_proxy"):
        urls = [proxy[key]] if proxy.get(key) else []
        checks.append((f"proxy.{key}", urls, _is_url, url, "write it like http://proxy:3128."))
    checks.append(
        (
            "proxy.no_proxy",
            proxy.get("no_proxy", []),
            _is_direct,
            direct,
            "write it like .example.org.",
        )
    )
    return problems + [
        Problem(f"{where}.{key}", f"{value!r} is refused.", f"each of it {rule}", fix)
        for key, values, is_right, rule, fix in checks
        for value in values
        if not is_right(str(value))
    ]


def _is_host(text: str) -> bool:
    """A DNS name, or an IPv4 address as everybody reads it: no leading zeros, for some read them as octal."""
    if text.rpartition(".")[2].isdecimal():
        return _address(text) is not None
    return (
        bool(_NAME.fullmatch(text))
        and len(text) <= LONGEST_HOST
        and all(len(label) <= LONGEST_LABEL for label in text.split("."))
    )


def _is_host_and_port(text: str) -> bool:
    host, colon, port = text.partition(":")
    return _is_host(host) and (not colon or (bool(_PORT.fullmatch(port)) and int(port) <= HIGHEST_PORT))


def _is_url(text: str) -> bool:
    match = _URL.fullmatch(text)
    return match is not None and _is_host_and_port(match[1].lower())


def _is_direct(text: str) -> bool:
    if not _DIRECT.fullmatch(text):
        return False
    try:
        return "/" not in text or str(ipaddress.IPv4Network(text)) == text
    except ValueError:
        return False


def _is_server(text: str) -> bool:
    address = _address(text)
    return address is not None and not (address.is_loopback or address.is_multicast or address.is_unspecified)


def _address(text: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None


def _is_certificate(text: str) -> bool:
    from cryptography import x509

    try:
        return bool(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False


def name_problems(name: Any, where: str, longest: int) -> list[Problem]:
    """A name becomes part of host names, so it has to be a DNS label."""
    if isinstance(name, str) and _DNS_LABEL.fullmatch(name) and len(name) <= longest:
        return []
    rule = f"a name has lower-case letters, digits and hyphens, starts with a letter, and is at most {longest} long."
    return [Problem(where, f"{name!r} isn't a valid name.", rule, "choose another name.")]


def tag_problems(tags: dict[Any, Any], where: str) -> list[Problem]:
    """Tags are short strings, so that every inventory and every page can show them."""
    rule = f"its name is a string of 1 to {TAG_NAME_LENGTH} characters, its value one of {TAG_VALUE_LENGTH} at most."
    return [
        Problem(f"{where}.{name}", f"{name!r}: {value!r} is refused.", rule, "quote or shorten it.")
        for name, value in tags.items()
        if not (isinstance(name, str) and 1 <= len(name) <= TAG_NAME_LENGTH)
        or not (isinstance(value, str) and len(value) <= TAG_VALUE_LENGTH)
    ]


def zone_problems(zones: Sequence[str], where: str) -> list[Problem]:
    """Zones are label values, each named once, at least one."""
    problems = []
    if not zones:
        problems.append(Problem(where, "is empty.", "a cluster has at least one zone.", "name one."))
    for zone in sorted({zone for zone in zones if list(zones).count(zone) > 1}):
        problems.append(Problem(where, f"{zone} is there twice.", "a zone is named once.", "remove one of them."))
    for zone in zones:
        problems += name_problems(zone, where, 63)
    return problems


def cidr_problems(spec: dict[str, Any], nodes: int, where: str) -> list[Problem]:
    """Each network by itself, and none over another."""
    networks: dict[str, IPv4] = {}
    problems = []
    for key in ("vpc_cidr", "pod_cidr", "service_cidr"):
        if spec.get(key) is None:
            continue
        try:
            networks[key] = _network(spec[key])
        except ValueError as error:
            rule = "a network is an IPv4 network address with its prefix, for machines and not for special purposes."
            problems.append(Problem(f"{where}.{key}", f"{error}.", rule, "write it like 172.20.0.0/16."))
    pods, services, machines = (networks.get(key) for key in ("pod_cidr", "service_cidr", "vpc_cidr"))
    if pods is not None and (pods.prefixlen > NODE_MASK or 2 ** (NODE_MASK - pods.prefixlen) < nodes):
        problems.append(
            Problem(
                f"{where}.pod_cidr",
                f"{pods} holds {2 ** max(NODE_MASK - pods.prefixlen, 0)} nodes at most.",
                f"it holds the quota of {nodes} nodes with a /{NODE_MASK} each; it can't be changed later.",
                f"use a /{NODE_MASK - (nodes - 1).bit_length()} or a larger network.",
            )
        )
    if services is not None and services.prefixlen not in SERVICE_PREFIXES:
        rule = f"a service network has a prefix from /{SERVICE_PREFIXES[0]} to /{SERVICE_PREFIXES[-1]}."
        problems.append(Problem(f"{where}.service_cidr", f"{services} is refused.", rule, "use a /20, for example."))
    if machines is not None and machines.num_addresses - 12 < nodes:
        rule = f"it holds {nodes} machines, the endpoint and the network's own addresses."
        problems.append(
            Problem(
                f"{where}.vpc_cidr",
                f"{machines} is too small.",
                rule,
                f"use a /{32 - (nodes + 11).bit_length()}, for example.",
            )
        )
    problems += overlap_problems({f"{where}.{key}": network for key, network in networks.items()}, {})
    return problems


def _network(text: str) -> IPv4:
    """A network in the one notation that all of csk, kubeadm, flannel and the Engine read alike.

    :raises ValueError: for another one, and for addresses that can't be machines' or pods'.
    """
    network = ipaddress.IPv4Network(text)
    if str(network) != text:
        raise ValueError(f"{text!r} isn't written as {network}")
    for special in _SPECIAL:
        if network.overlaps(special):
            raise ValueError(f"{text} overlaps {special}")
    return network


def overlap_problems(networks: dict[str, IPv4], others: dict[str, IPv4]) -> list[Problem]:
    """Networks that overlap each other, or one of the others.

    :param networks: variable -> network, of the cluster.
    :param others: a description such as "the Engine's network x" -> network, of what is there.
    """
    problems = []
    names = list(networks)
    pairs = [(a, b, networks[b]) for i, a in enumerate(names) for b in names[i + 1 :]]
    pairs += [(name, other, network) for name in names for other, network in others.items()]
    for name, other, network in pairs:
        if networks[name].overlaps(network):
            problems.append(
                Problem(
                    name,
                    f"{networks[name]} overlaps {other} ({network}).",
                    "the networks of machines, pods and services are apart, and apart from the host's own.",
                    "choose another one.",
                )
            )
    return problems


def size(pool: dict[str, Any]) -> int:
    """How many workers a pool has; none where it is to go. One that is recorded has no state: it is there."""
    return 0 if pool.get("state") == "absent" else pool["desired_size"] or 0


def pools_problems(
    pools: Sequence[dict[str, Any]],
    zones: Iterable[str],
    masters: int,
    nodes: int,
    others: int = 0,
    where: str = "csk_nodepools",
) -> list[Problem]:
    """Everything that is wrong with a cluster's pools.

    :param pools: with all options.
    :param zones: the cluster's.
    :param masters: how many there are.
    :param nodes: the quota of nodes.
    :param others: how many workers the cluster's other pools have.
    """
    problems = []
    names = [pool["name"] for pool in pools]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(Problem(where, f"{name} is there twice.", "a pool is named once.", "rename one of them."))
    for index, pool in enumerate(pools):
        problems += pool_problems(pool, set(zones), f"{where}[{index}]")
    workers = others + sum(size(pool) for pool in pools)
    if workers < 1:
        rule = "a dedicated cluster keeps at least one worker."
        problems.append(Problem(where, "has no workers.", rule, "give a pool a desired_size of 1 or more."))
    too_many = nodes_problem(masters, workers, nodes, where)
    return [*problems, too_many] if too_many else problems


def pool_problems(pool: dict[str, Any], zones: set[str], where: str) -> list[Problem]:
    """Everything that is wrong with a pool by itself."""
    problems = name_problems(pool["name"], f"{where}.name", 20)
    if pool["name"] in RESERVED_POOLS:
        rule = "masters' names begin with it."
        problems.append(Problem(f"{where}.name", f"{pool['name']} is reserved.", rule, "choose another name."))
    if pool["state"] == "present" and (pool["desired_size"] is None or pool["desired_size"] < 0):
        what = "is missing." if pool["desired_size"] is None else f"is {pool['desired_size']}."
        problems.append(Problem(f"{where}.desired_size", what, "it is 0 or more.", "give the number of workers."))
    problems += instance.problems(pool["instance"], f"{where}.instance")
    problems += instance.kubelet_problems(pool["kubelet"], f"{where}.kubelet")
    for key, lowest in (("timeout", 1), ("grace_period", 0)):
        value = pool["drain"][key]
        if value is not None and not lowest <= value <= LONGEST_WAIT:
            what, rule = f"is {value}.", f"seconds, {lowest} to {LONGEST_WAIT}."
            problems.append(Problem(f"{where}.drain.{key}", what, rule, "give a number of seconds."))
    for zone in sorted(set(pool["zones"]) - zones):
        fix = f"use {', '.join(sorted(zones))}, or add it to csk_cluster.zones."
        rule = "a pool's zones are zones of its cluster."
        problems.append(Problem(f"{where}.zones", f"{zone} isn't a zone of the cluster.", rule, fix))
    if pool["zones"]:
        problems += [p for p in zone_problems(pool["zones"], f"{where}.zones") if "twice" in p.what]
    for key, value in pool["labels"].items():
        problems += label_problems(str(key), value, f"{where}.labels")
    seen = [(taint["key"], taint["effect"]) for taint in pool["taints"]]
    for index, taint in enumerate(pool["taints"]):
        problems += label_problems(taint["key"], taint["value"], f"{where}.taints[{index}]")
        if (taint["key"], taint["effect"]) in seen[:index]:
            rule = "a taint's key and effect are there once."
            problems.append(Problem(f"{where}.taints[{index}]", "is there twice.", rule, "remove one of them."))
    return problems


def label_problems(key: str, value: Any, where: str) -> list[Problem]:
    """Kubernetes' own syntax for labels; csk's own prefix is kept for csk."""
    problems = []
    if not _LABEL_KEY.fullmatch(key):
        rule = "a key is an optional DNS prefix with a slash, and a name of 63 characters at most."
        problems.append(Problem(f"{where}.{key}", "isn't a valid key.", rule, "choose another key."))
    if _RESERVED_DOMAINS.fullmatch(key):
        rule = "these prefixes are Kubernetes' and csk's own, and a kubelet may not set them."
        problems.append(Problem(f"{where}.{key}", "has a reserved prefix.", rule, "use a prefix of your own."))
    if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
        rule = "a value is a string of 63 letters, digits, - _ . at most."
        problems.append(Problem(f"{where}.{key}", f"{value!r} isn't a valid value.", rule, "quote or shorten it."))
    return problems
