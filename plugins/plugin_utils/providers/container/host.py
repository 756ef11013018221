# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about an Engine's host: how they are asked for, and what follows from the answer. No I/O here."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

# The kernel's capability numbers, in order (linux/capability.h).
CAPABILITIES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]

# Nothing on a node needs them (docs/security.md has the others, and why). Without them a machine can't set the host's
# clock, audit or security modules, nor reach its ports and memory.
UNNEEDED = (
    "SYS_RAWIO",
    "SYS_PACCT",
    "SYS_BOOT",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_CONTROL",
    "AUDIT_READ",
)

# Prints key=value lines. Needs the host's process, network and file trees. Only built-ins per process: hosts have many.
FACTS_SCRIPT = r"""
engine=1
for p in /proc/[0-9]*; do
  c=; read -r c 2>/dev/null < "$p/comm" || continue
  if [ "$c" = dockerd ]; then engine=${p#/proc/}; break; fi
done
while read -r key value; do case $key in CapBnd:) echo "bounding=$value" ;; esac; done < "/proc/$engine/status"
echo "last_cap=$(cat /proc/sys/kernel/cap_last_cap)"
echo "disk_free=$(df -B1 --output=avail /data | tail -n 1)"
if [ -c /host/dev/fuse ]; then echo fuse=1; fi
if [ -d /host/lib/modules ]; then echo modules=1; fi
if [ -d /proc/sys/net/bridge ]; then echo bridge_netfilter=1; fi
for f in /host/etc/resolv.conf /host/run/systemd/resolve/resolv.conf; do
  [ -r "$f" ] || continue
  while read -r key value _; do case $key in nameserver) echo "nameserver=$value" ;; esac; done < "$f"
done
ip -4 -o route show table all | while read -r first second _; do
  case $first in
    default|local|broadcast|multicast) ;;
    unicast) echo "route=$second" ;;
    *) echo "route=$first" ;;
  esac
done
device=$(ip -4 -o route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
if [ -n "$device" ]; then echo "mtu=$(cat "/sys/class/net/$device/mtu")"; fi
"""


@dataclass(frozen=True)
class HostFacts:
    """What a host of the Engine is.

    :param missing: capabilities that the Engine itself lacks, so that no container can have them.
    :param disk_free: bytes free at the data root.
    :param bridge_netfilter: whether the kernel has br_netfilter loaded.
    :param nameservers: those that a container can reach: loopback ones are left out.
    :param routes: IPv4 CIDRs that the host has routes to.
    :param mtu: of the interface with the default route.
    """

    cgroup_version: int
    cpus: int
    memory: int
    missing: tuple[str, ...]
    disk_free: int
    fuse: bool
    modules: bool
    bridge_netfilter: bool
    nameservers: tuple[str, ...]
    routes: tuple[str, ...]
    mtu: int

    @property
    def dropped(self) -> tuple[str, ...]:
        """Capabilities that machines don't get."""
        modules = () if self.modules else ("SYS_MODULE",)
        return tuple(dict.fromkeys((*self.missing, *UNNEEDED, *modules)))


def missing_capabilities(bounding: str, last_cap: int) -> tuple[str, ...]:
    """Capabilities absent from a bounding set as /proc shows it (hexadecimal), up to the kernel's last one."""
    mask = int(bounding, 16)
    return tuple(name for bit, name in enumerate(CAPABILITIES[: last_cap + 1]) if not mask >> bit & 1)


def parse_facts(output: str, info: dict[str, Any]) -> HostFacts:
    """Facts from FACTS_SCRIPT's output and from what the Engine says about itself."""
    values: dict[str, list[str]] = {}
    for line in output.splitlines():
        key, separator, value = line.partition("=")
        if separator:
            values.setdefault(key, []).append(value.strip())
    reachable = []
    for server in values.get("nameserver", []):
        address = _address(server)
        if address and not address.is_loopback and not address.is_link_local and server not in reachable:
            reachable.append(server)
    routes = []
    for route in values.get("route", []):
        try:
            routes.append(str(ipaddress.ip_network(route, strict=False)))
        except ValueError:
            continue
    return HostFacts(
        cgroup_version=int(info.get("CgroupVersion") or 1),
        cpus=int(info.get("NCPU") or 1),
        memory=int(info.get("MemTotal") or 0),
        missing=missing_capabilities(values["bounding"][0], int(values["last_cap"][0])),
        disk_free=int(values["disk_free"][0]),
        fuse="fuse" in values,
        modules="modules" in values,
        bridge_netfilter="bridge_netfilter" in values,
        nameservers=tuple(reachable),
        routes=tuple(dict.fromkeys(routes)),
        mtu=int(values.get("mtu", ["1500"])[0]),
    )


def _address(text: str) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        return None
