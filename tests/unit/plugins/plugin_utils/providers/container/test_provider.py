# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container provider on an Engine made of dictionaries: what it makes, repairs, leaves alone and refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineSpec
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import engine, machine, names
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import Engine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider

pytest.importorskip("docker")

SPEC = MachineSpec("master-1", "10.0.0.11", "1.36.3", labels={"csk.dev/role": "master"})


def container(
    cluster: str, name: str, state: str = "running", *, cluster_id: str = "id-1", address: str = "10.0.0.11"
) -> Any:
    networks = {names.network_name(cluster): {"IPAMConfig": {"IPv4Address": address}}} if address else {}
    return {
        "Id": f"{cluster}.{name}",
        "Names": [f"/{cluster}.{name}"],
        "State": state,
        "Created": 0,
        "Labels": {names.LABEL_CLUSTER: cluster, names.LABEL_ID: cluster_id, names.LABEL_MACHINE: name},
        "NetworkSettings": {"Networks": networks},
    }


class Api:
    """The part of the SDK that the provider uses; notes what it is told to do."""

    def __init__(self, *containers: Any) -> None:
        self.there = list(containers)
        self.nets: list[Any] = []
        self.done: list[tuple[str, ...]] = []
        self.started = "2026-01-01T00:00:00.123456789Z"

    def containers(self, filters: Any, **_options: Any) -> list[Any]:
        """Those with the labels."""
        wanted = [item.partition("=") for item in filters["label"]]
        return [c for c in self.there if all(k in c["Labels"] and v in ("", c["Labels"][k]) for k, _mark, v in wanted)]

    def networks(self, **_options: Any) -> list[Any]:
        """All of them."""
        return self.nets

    def inspect_network(self, _network: str) -> dict[str, Any]:
        """Somebody else's container is on it."""
        return {"Containers": {"stranger": {}}}

    def inspect_container(self, _name: str) -> dict[str, Any]:
        """It was started when it says."""
        return {"State": {"StartedAt": self.started}}

    def __getattr__(self, method: str) -> Any:
        def note(*args: Any, **_options: Any) -> None:
            self.done.append((method, *(str(a) for a in args)))

        return note


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> ContainerProvider:
    made = ContainerProvider(Path("/nowhere"))
    monkeypatch.setattr(Engine, "api", Api())

    def create(engine: Engine, name: str, **options: Any) -> None:
        engine.api.create(name, options["address"])

    def copy(_release: str, _cluster: str, _id: str, wanted: list[str], on_copied: Callable[[str], None]) -> None:
        for name in wanted:
            on_copied(name)

    monkeypatch.setattr(machine, "create", create)
    monkeypatch.setattr(machine, "wait", lambda *_args: None)
    monkeypatch.setattr(made.store, "copy", copy)
    monkeypatch.setattr(made.store, "remove", made.engine.api.remove_directories)
    return made


def state(provider: ContainerProvider, *containers: Any) -> Api:
    provider.engine.api.there = list(containers)
    return provider.engine.api


def test_a_machine_is_made(provider: ContainerProvider) -> None:
    told: list[str] = []
    assert provider.create("demo", "id-1", [SPEC], lambda name, _seconds: told.append(name)) == ["master-1"]
    assert provider.engine.api.done == [("create", "demo.master-1", "10.0.0.11"), ("start", "demo.master-1")]
    assert told == ["master-1"]


def test_a_running_one_is_left_alone(provider: ContainerProvider) -> None:
    api = state(provider, container("demo", "master-1"))
    assert provider.create("demo", "id-1", [SPEC]) == []
    assert api.done == []


def test_one_that_a_killed_run_has_just_started_is_waited_for(
    provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = state(provider, container("demo", "master-1"))
    api.started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    waited: list[str] = []
    monkeypatch.setattr(machine, "wait", lambda _engine, name, _unit: waited.append(name))
    assert provider.create("demo", "id-1", [SPEC]) == []
    assert waited == ["demo.master-1"]


@pytest.mark.parametrize(("was", "call"), [("exited", "start"), ("created", "start"), ("paused", "unpause")])
def test_a_stopped_one_is_started(provider: ContainerProvider, was: str, call: str) -> None:
    api = state(provider, container("demo", "master-1", was))
    assert provider.create("demo", "id-1", [SPEC]) == ["master-1"]
    assert api.done == [(call, "demo.master-1")]


def test_one_without_its_network_gets_it_back(provider: ContainerProvider) -> None:
    api = state(provider, container("demo", "master-1", address=""))
    assert provider.create("demo", "id-1", [SPEC]) == ["master-1"]
    assert api.done == [("connect_container_to_network", "demo.master-1", "csk-demo")]


def test_a_dead_one_is_made_anew(provider: ContainerProvider) -> None:
    api = state(provider, container("demo", "master-1", "dead"))
    assert provider.create("demo", "id-1", [SPEC]) == ["master-1"]
    assert [call[0] for call in api.done] == ["remove_container", "create", "start"]


def test_one_whose_directory_is_gone_is_made_anew(provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    from docker.errors import APIError

    api = state(provider, container("demo", "master-1", "exited"))
    starts: list[str] = []

    def start(name: str) -> None:
        starts.append(name)
        if len(starts) == 1:
            raise APIError("400", explanation="invalid mount config: bind source path does not exist: /x")

    monkeypatch.setattr(api, "start", start, raising=False)
    assert provider.create("demo", "id-1", [SPEC]) == ["master-1"]
    assert [call[0] for call in api.done] == ["remove_container", "create"]
    assert len(starts) == 2


class Killed(Api):
    """Containers that are as they are told to be, one look after another, the last one for ever."""

    looks: list[Any]

    def inspect_container(self, _name: str) -> dict[str, Any]:
        """One of the looks."""
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(found, Exception):
            raise found
        return {"State": {"Running": found == "running", "Restarting": found == "restarting"}}


@pytest.mark.parametrize(
    ("looks", "stopped"),
    [
        (["exited"], True),
        (["running", "running", "exited"], True),
        (["restarting", "exited"], True),
        (["gone"], True),
        (["running"], False),
        (["restarting"], False),
    ],
)
def test_a_machine_counts_as_stopped_when_nothing_of_it_runs(
    provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch, looks: list[Any], stopped: bool
) -> None:
    from docker.errors import NotFound

    # Without its network it is no machine for anybody, and runs all the same.
    api = Killed(container("demo", "web-1", address=""), container("demo", "web-2"))
    api.looks = [NotFound("gone") if look == "gone" else look for look in looks]
    monkeypatch.setattr(Engine, "api", api)
    monkeypatch.setattr(engine, "time", SimpleNamespace(sleep=lambda _seconds: None))
    if stopped:
        provider.stop("demo", ["web-1", "web-3"])
    else:
        with pytest.raises(CskError, match="still runs"):
            provider.stop("demo", ["web-1", "web-3"])
    assert api.done == [("kill", "demo.web-1")]


def test_another_cluster_of_the_name_is_refused_by_its_id(provider: ContainerProvider) -> None:
    api = state(provider, container("demo", "master-1", cluster_id="id-2"))
    for call in (
        lambda: provider.create("demo", "id-1", [SPEC]),
        lambda: provider.delete("demo", cluster_id="id-1"),
        lambda: provider.delete("demo", ["master-1"], "id-1"),
    ):
        with pytest.raises(CskError, match="id-2"):
            call()
    assert api.done == []


def test_another_address_is_refused(provider: ContainerProvider) -> None:
    state(provider, container("demo", "master-1", address="10.0.0.99"))
    with pytest.raises(CskError, match=r"10\.0\.0\.99, not 10\.0\.0\.11"):
        provider.create("demo", "id-1", [SPEC])


def test_every_machine_that_fails_is_told(provider: ContainerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    from docker.errors import APIError

    def create(engine: Engine, name: str, **options: Any) -> None:
        raise APIError("500", explanation=f"no room for {name}")

    monkeypatch.setattr(machine, "create", create)
    with pytest.raises(CskError) as caught:
        provider.create("demo", "id-1", [SPEC, MachineSpec("master-2", "10.0.0.12", "1.36.3")])
    assert len(caught.value.problems) == 2


def test_deletion_takes_the_cluster_and_nothing_of_another(provider: ContainerProvider) -> None:
    api = state(provider, container("demo", "master-1"), container("demo-2", "master-1"))
    api.nets = [{"Id": "n1", "Name": "csk-demo", "Labels": {names.LABEL_ID: "id-1"}}]
    assert provider.delete("demo", cluster_id="id-1") == ["master-1", "csk-demo"]
    assert api.done == [
        ("remove_container", "demo.master-1"),
        ("disconnect_container_from_network", "stranger", "n1"),
        ("remove_network", "n1"),
        ("remove_directories", "demo", "id-1", "None"),
    ]


def test_deleting_some_machines_keeps_the_network(provider: ContainerProvider) -> None:
    api = state(provider, container("demo", "master-1"), container("demo", "w-1"))
    assert provider.delete("demo", ["w-1", "w-9"], "id-1") == ["w-1"]
    assert [call[0] for call in api.done] == ["remove_container", "remove_directories"]


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "..", "a.b", "x" * 64, "a\n"])
def test_names_that_would_be_other_paths(provider: ContainerProvider, name: str) -> None:
    with pytest.raises(CskError, match="DNS label"):
        provider.delete(name)


def test_states(provider: ContainerProvider) -> None:
    state(provider, container("demo", "master-1"), container("demo", "w-1", "exited", address="10.0.0.21"))
    found = {item.name: (item.status, item.address) for item in provider.list("demo")}
    assert found == {"master-1": ("running", "10.0.0.11"), "w-1": ("stopped", "10.0.0.21")}
    assert [item.name for item in provider.list()] == ["demo.master-1", "demo.w-1"]
    assert provider.clusters() == {"demo": "id-1"}


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:2375", "ssh://root@far", "http://10.0.0.1"])
def test_an_engine_that_is_not_local_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    problems = ContainerProvider("/nowhere").check("1.36.3", 5)
    assert [problem.where for problem in problems] == ["DOCKER_HOST, docker context"]
    assert address in problems[0].what


def test_no_engine_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    (problem,) = ContainerProvider("/nowhere").check("1.36.3", 5)
    assert problem.where.startswith("Docker Engine")
    assert "start it" in problem.fix
