# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks in containers that run nothing else, with the Engine's socket and a csk_home that outlives them.

The tests follow on each other.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.cluster import HOME, OLD, TestCluster
from support.kube import until
from support.playbooks import TODAY, Outcome, Playbooks, cluster_file

NAME = "test-job"
FILE = cluster_file(NAME) | {"csk_nodepools": [{"name": "one", "desired_size": 1}]}
CONTAINER = f"{NAME}-runner"
JOB_SECONDS = 600
GRACE_SECONDS = 30  # what a kubelet waits between SIGTERM and SIGKILL
IS_UP = "machine master-1 is up"


@dataclass(frozen=True)
class Jobs:
    """Starts containers that have this Python, the installed collection and csk_home where this machine has them."""

    api: Any
    socket: str
    folder: Path

    @contextmanager
    def started(self, *command: str) -> Iterator[None]:
        """A container whose process 1 is this command."""
        collections = os.environ["ANSIBLE_COLLECTIONS_PATH"]
        prefix = Path(sys.prefix)
        # This machine's Python has this machine's libraries.
        read = {"/usr", sys.base_prefix, prefix, prefix.resolve(), (HOME / "artifacts").resolve(), self.folder}
        binds = [f"{path}:{path}:ro" for path in {str(path) for path in read} | set(collections.split(":")) if path]
        environment = {"CSK_HOME": str(HOME), "HOME": "/root", "ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1"}
        self.api.create_container(
            f"csk-node:{OLD}",
            name=CONTAINER,
            entrypoint=[command[0]],
            command=list(command[1:]),
            working_dir="/tmp",
            environment=environment | {"ANSIBLE_COLLECTIONS_PATH": collections, "LC_ALL": "C.UTF-8"},
            labels={"csk.dev/test": "job"},
            host_config=self.api.create_host_config(
                binds=[*binds, f"{HOME}:{HOME}", f"{self.socket}:/run/docker.sock"], network_mode="host"
            ),
        )
        try:
            self.api.start(CONTAINER)
            yield
        finally:
            self.api.remove_container(CONTAINER, force=True, v=True)

    def run(self, *command: str) -> Outcome:
        """Run a container to its end."""
        began = time.monotonic()
        with self.started(*command):
            code = self.api.wait(CONTAINER, timeout=JOB_SECONDS)["StatusCode"]
            return Outcome(code, self.said(), time.monotonic() - began)

    def said(self) -> str:
        """What the container printed so far."""
        return self.api.logs(CONTAINER).decode(errors="replace")

    def playbooks(self) -> list[int]:
        """The processes of ansible-playbook in the container, the first one and its workers, by the host's numbers."""
        rows = self.api.top(CONTAINER, "-eo pid,args")["Processes"]
        return sorted(int(pid) for pid, line in rows if "bin/ansible-playbook" in line and not line.startswith("sh "))


@pytest.fixture(scope="module")
def jobs(playbooks: Playbooks) -> Iterator[Jobs]:
    """The way to run Jobs."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import DEFAULT_HOST, Engine

    engine = Engine()
    engine.remove(CONTAINER)
    engine.api.timeout = JOB_SECONDS
    yield Jobs(engine.api, (engine.docker_host or DEFAULT_HOST).removeprefix("unix://"), playbooks.folder)
    engine.remove(CONTAINER)


@pytest.fixture(scope="module")
def cluster(playbooks: Playbooks) -> Iterator[TestCluster]:
    """The cluster, of which nothing is there yet."""
    made = TestCluster(playbooks, FILE)
    yield made
    if made.record:
        made.delete(csk_take_over="true")


@pytest.fixture(scope="module")
def create(playbooks: Playbooks) -> list[str]:
    """The command that creates the cluster, also after a run that died elsewhere."""
    (playbooks.folder / "job.json").write_text(json.dumps(FILE), "utf-8")
    return playbook("create", "-e", f"@{playbooks.folder}/job.json", "-e", "csk_take_over=true")


def playbook(name: str, *arguments: str) -> list[str]:
    command = str(Path(sys.executable).with_name("ansible-playbook"))
    return [command, f"csk.kubernetes.{name}", *arguments, "-e", f"csk_today={TODAY}"]


def below_a_shell(command: list[str], then: str) -> list[str]:
    return ["sh", "-c", f'"$@"; {then}', "sh", *command]


def test_process_1_runs_a_task(jobs: Jobs) -> None:
    jobs.run(*playbook("info")).good()


def test_another_may_be_process_1(jobs: Jobs) -> None:
    jobs.run(*below_a_shell(playbook("info"), "exit $?")).good()


def test_who_is_killed_leaves_no_children(jobs: Jobs, cluster: TestCluster, create: list[str]) -> None:
    with jobs.started(*below_a_shell(create, "sleep 60")):
        until(lambda: IS_UP in jobs.said(), 120)
        first, *workers = jobs.playbooks()
        assert workers
        os.kill(first, signal.SIGKILL)
        until(lambda: not jobs.playbooks(), 5)
    assert cluster.record.status == "creating"


def test_a_job_that_is_deleted_ends_within_its_time(
    jobs: Jobs, create: list[str], note: Callable[[str, str], None]
) -> None:
    with jobs.started(*create):
        until(lambda: "Start etcd and the control plane" in jobs.said(), 120)
        began = time.monotonic()
        jobs.api.stop(CONTAINER, timeout=GRACE_SECONDS)
        took = time.monotonic() - began
        assert jobs.api.inspect_container(CONTAINER)["State"]["ExitCode"] != 0
    note("a Job that is deleted ends", f"{took:.0f} s")


def test_the_next_one_makes_the_cluster(
    jobs: Jobs, cluster: TestCluster, create: list[str], note: Callable[[str, str], None]
) -> None:
    made = jobs.run(*create).good()
    note("create in a Job, after two that were killed", f"{made.seconds:.0f} s")
    cluster.whole()
    assert jobs.run(*create).good().changed == {}


def test_a_job_deletes_it(jobs: Jobs, cluster: TestCluster) -> None:
    jobs.run(*playbook("delete", "-e", f"csk_name={NAME}", "-e", f"csk_confirm={NAME}")).good()
    assert cluster.machines.left() == []
