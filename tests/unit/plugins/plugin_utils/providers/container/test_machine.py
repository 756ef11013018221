# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine's container options."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import Limits
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import machine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.host import HostFacts


class Api:
    """Stands for the SDK: gives the options back as they came."""

    @staticmethod
    def create_host_config(**options: Any) -> dict[str, Any]:
        """The options."""
        return dict(options)


def host(**facts: Any) -> HostFacts:
    usual: dict[str, Any] = {
        "cgroup_version": 2,
        "cpus": 4,
        "memory": 1 << 34,
        "missing": (),
        "disk_free": 1 << 40,
        "fuse": True,
        "modules": True,
        "bridge_netfilter": True,
        "nameservers": (),
        "routes": (),
        "mtu": 1500,
    }
    return HostFacts(**(usual | facts))


def test_a_machine_gets_what_the_engine_has_but_what_no_node_needs() -> None:
    options = machine.privileges(host(missing=("SYS_RESOURCE",)))
    assert options["cap_add"] == ["ALL"]
    assert {"SYS_RESOURCE", "SYS_TIME", "SYS_RAWIO", "SYSLOG"} < set(options["cap_drop"])
    assert not {"SYS_MODULE", "SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "BPF"} & set(options["cap_drop"])
    assert options["device_cgroup_rules"] == ["a *:* rwm"]
    assert "seccomp=unconfined" in options["security_opt"]


def test_modules_are_loaded_only_where_there_are_some() -> None:
    assert "SYS_MODULE" in machine.privileges(host(modules=False))["cap_drop"]


def test_a_device_that_the_host_lacks_is_not_asked_for() -> None:
    assert machine.privileges(host(missing=("SYS_RESOURCE",), fuse=False))["devices"] == []


def test_limits() -> None:
    assert machine.limits_options(None) == {}
    assert machine.limits_options(Limits(cpus=1.5, memory_bytes=1 << 30, pids=2048)) == {
        "nano_cpus": 1_500_000_000,
        "mem_limit": 1 << 30,
        "memswap_limit": 1 << 30,
        "pids_limit": 2048,
    }


def test_the_machine_comes_back_with_the_engine_and_its_kernel_settings_are_its_own() -> None:
    config = machine.host_config(Api, host(), {"/data/x": "/var/lib/etcd"}, None, restart=True)
    assert config["restart_policy"] == {"Name": "unless-stopped"}
    assert (config["MaskedPaths"], config["ReadonlyPaths"], config["CgroupnsMode"]) == ([], [], "private")
    assert {"Type": "bind", "Source": "/data/x", "Target": "/var/lib/etcd", "ReadOnly": False} in config["mounts"]


def test_kernel_modules_only_where_the_host_has_them() -> None:
    config = machine.host_config(Api, host(modules=False), {}, None, restart=False)
    assert config["mounts"] == []
    assert config["restart_policy"] is None
