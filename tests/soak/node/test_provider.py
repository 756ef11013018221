# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container provider on the real Engine, with the release's node image."""

from __future__ import annotations

import ipaddress
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import HOME, RELEASE

ID, OTHER = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
A, B = "csk-test-a", "csk-test-b"
ARTIFACTS = HOME / "artifacts" / "releases"


def new_provider() -> Any:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider

    return ContainerProvider(ARTIFACTS)


def specs(network: str, *names: str) -> list[Any]:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineSpec

    return [
        MachineSpec(name, f"{network}.{10 + place}", RELEASE, zone="zone-a", env={"CSK_DNS": "192.0.2.53"})
        for place, name in enumerate(names)
    ]


def on_machine(provider: Any, name: str, command: str) -> str:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import machine

    return machine.run(provider.engine, name, ["sh", "-c", command]).strip()


def left(provider: Any, cluster: str) -> list[str]:
    """Whatever of a cluster is on the Engine and its host."""
    label = {"label": [f"csk.dev/cluster={cluster}"]}
    api = provider.engine.api
    found = [item["Names"][0] for item in api.containers(all=True, filters=label)]
    found += [item["Name"] for item in api.networks(filters=label)]
    found += [item["Name"] for item in api.volumes(filters=label)["Volumes"] or []]
    return found + provider.engine.helper(f"ls -d /data/nodes/{cluster} 2>/dev/null || true", []).split()


@pytest.fixture(scope="module")
def provider() -> Iterator[Any]:
    """The provider, with nothing of an earlier run."""
    made = new_provider()
    if not made.engine.image(f"csk-node:{RELEASE}"):
        pytest.fail(f"there is no image csk-node:{RELEASE}: make artifacts")
    for cluster in (A, B):
        made.delete(cluster)
    yield made
    for cluster in (A, B):
        made.delete(cluster)


@pytest.fixture(scope="module")
def network(provider: Any) -> str:
    """The first three bytes of a network that is free, and so is the one after it."""
    used = [ipaddress.ip_network(cidr) for cidr in provider.networks()]
    two = (ipaddress.ip_network(f"172.31.{place}.0/23") for place in range(64, 128, 2))
    free = str(next(cidr for cidr in two if not any(cidr.overlaps(other) for other in used)).network_address)
    free = free.removesuffix(".0")
    provider.ensure_network(A, ID, f"{free}.0/24")
    return free


def test_machines_are_made_once(provider: Any, network: str) -> None:
    wanted = specs(network, "m-1", "m-2")
    assert provider.create(A, ID, wanted) == ["m-1", "m-2"]
    assert provider.create(A, ID, wanted) == []
    assert provider.ensure_network(A, ID, f"{network}.0/24") is False
    assert [(item.name, item.address, item.status) for item in provider.list(A)] == [
        ("m-1", f"{network}.10", "running"),
        ("m-2", f"{network}.11", "running"),
    ]
    assert provider.clusters()[A] == ID


def test_they_reach_each_other_and_have_their_own_settings(provider: Any, network: str) -> None:
    assert on_machine(provider, f"{A}.m-1", f"ping -c 1 -W 2 {network}.11 > /dev/null && hostname") == "m-1"
    assert on_machine(provider, f"{A}.m-1", "cat /sys/class/net/eth0/mtu") == str(provider.mtu())
    assert (
        on_machine(provider, f"{A}.m-1", "stat -f -c %T /var/lib/etcd /var/lib/containerd /var/lib/kubelet").count(
            "overlay"
        )
        == 0
    )
    assert on_machine(provider, f"{A}.m-1", "systemctl --failed --no-legend") == ""


@pytest.mark.parametrize("how", ["stop", "kill", "pause", "disconnect", "remove"])
def test_a_machine_comes_back(provider: Any, network: str, how: str) -> None:
    api, name = provider.engine.api, f"{A}.m-1"
    {
        "stop": lambda: api.stop(name, timeout=20),
        "kill": lambda: api.kill(name),
        "pause": lambda: api.pause(name),
        "disconnect": lambda: api.disconnect_container_from_network(name, f"csk-{A}"),
        "remove": lambda: api.remove_container(name, force=True),
    }[how]()
    assert provider.create(A, ID, specs(network, "m-1", "m-2")) == ["m-1"]
    assert on_machine(provider, name, f"ping -c 1 -W 2 {network}.11 > /dev/null && hostname") == "m-1"
    # Docker wrote its own at the start; the boot unit put it right
    assert on_machine(provider, name, "cat /etc/resolv.conf") == "nameserver 192.0.2.53"


@pytest.mark.parametrize("how", ["run", "pause", "disconnect", "exit"])
def test_a_machine_is_stopped_for_certain(provider: Any, network: str, how: str) -> None:
    api, name = provider.engine.api, f"{A}.m-1"
    {
        "run": lambda: None,
        "pause": lambda: api.pause(name),
        "disconnect": lambda: api.disconnect_container_from_network(name, f"csk-{A}"),
        "exit": lambda: api.kill(name),
    }[how]()
    provider.stop(A, ["m-1", "gone"])
    state = api.inspect_container(name)["State"]
    assert (state["Running"], state["Pid"]) == (False, 0)
    time.sleep(2)  # its restart policy would have started it by then
    assert not api.inspect_container(name)["State"]["Running"]
    assert provider.create(A, ID, specs(network, "m-1", "m-2")) == ["m-1"]


def test_a_creation_that_is_killed_can_be_repeated(provider: Any, network: str) -> None:
    names = ["m-1", "m-2", "m-3", "m-4"]
    code = f"""
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineSpec
specs = [MachineSpec(n, f"{network}.{{10 + i}}", "{RELEASE}") for i, n in enumerate({names})]
print("go", flush=True)
ContainerProvider("{ARTIFACTS}").create("{A}", "{ID}", specs)
"""
    paths = [path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path]
    for seconds in (0.2, 0.6, 1.2):
        provider.delete(A, ["m-3", "m-4"], ID)
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": ":".join(paths)}
        ) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
        provider.create(A, ID, specs(network, *names))
        assert [item.status for item in provider.list(A)] == ["running"] * 4
        assert on_machine(provider, f"{A}.m-4", "crictl images -q 2>/dev/null | wc -l") != "0"


def test_two_clusters_do_not_disturb_each_other(provider: Any, network: str) -> None:
    other = ".".join([*network.split(".")[:2], str(int(network.split(".")[2]) + 1)])
    provider.ensure_network(B, OTHER, f"{other}.0/24")
    provider.create(B, OTHER, specs(other, "m-1"))
    provider.delete(A, cluster_id=ID)
    assert left(provider, A) == []
    assert [(item.name, item.status) for item in provider.list(B)] == [("m-1", "running")]
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError

    with pytest.raises(CskError, match=OTHER):
        provider.delete(B, cluster_id=ID)
    provider.delete(B, cluster_id=OTHER)
    assert left(provider, B) == []
    digest = provider.store.digest(RELEASE)
    assert provider.store.state(RELEASE, digest) == "ok"
