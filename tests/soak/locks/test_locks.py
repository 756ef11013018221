# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that is never bootstrapped is all that a lock needs; plays of a user change its pools."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import schema
from support.cluster import TestCluster
from support.kube import until
from support.machines import MASTERS
from support.playbooks import Outcome, Playbooks, kill, read_until

NAME = "test-locks"
FILE = {"csk_cluster": {"name": NAME, "version": "1.36", "masters": 3}, "csk_nodepools": []}
Note = Callable[[str, str], None]
OTHER = Run("elsewhere", "another-boot/1", 4711, 1)


def pool(size: int, name: str = "web", **more: Any) -> dict[str, Any]:
    """A task that brings a pool to a size."""
    settings = {"cluster": NAME, "name": name, "desired_size": size} | more
    return {"name": f"Bring {name} to {size}", "csk.kubernetes.csk_nodepool": settings}


def pause(seconds: int) -> dict[str, Any]:
    """A task that is no csk step and takes long."""
    return {"name": "Something that takes long", "ansible.builtin.command": f"sleep {seconds}", "changed_when": False}


class Plays:
    """Playbooks of a user."""

    def __init__(self, playbooks: Playbooks, folder: Path) -> None:
        self.playbooks, self.folder = playbooks, folder
        (folder / "playbooks").mkdir()

    def write(self, name: str, *tasks: dict[str, Any]) -> dict[str, Any]:
        """Write one; what Playbooks.run needs for it."""
        python = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        play = {"hosts": "all", "connection": "local", "gather_facts": False, "vars": python, "tasks": list(tasks)}
        (self.folder / "playbooks" / f"{name}.yml").write_text(json.dumps([play]), encoding="utf-8")
        return {"playbook": name, "checkout": self.folder}

    def run(self, name: str, *tasks: dict[str, Any], hosts: str = "one,") -> Outcome:
        """Write one, and run it."""
        given = self.write(name, *tasks)
        return self.playbooks.run(given.pop("playbook"), "-i", hosts, **given)

    def started(self, name: str, *tasks: dict[str, Any]) -> Any:
        """Write one, and start it."""
        given = self.write(name, *tasks)
        return self.playbooks.started(given.pop("playbook"), "-i", "one,", **given)


@pytest.fixture(scope="module")
def cluster(playbooks: Playbooks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCluster]:
    """Recorded, with its masters' machines."""
    plays = Plays(playbooks, tmp_path_factory.mktemp("first"))
    made = TestCluster(playbooks, FILE)
    plays.run("first", {"name": "Record it", "csk.kubernetes.csk_cluster": FILE["csk_cluster"]}).good()
    yield made
    made.delete().good()
    assert made.machines.left() == []


@pytest.fixture
def plays(cluster: TestCluster, tmp_path: Path) -> Plays:
    """Playbooks of a user."""
    return Plays(cluster.playbooks, tmp_path)


def keepers() -> list[int]:
    """The processes that renew the lock of the tests' cluster."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if any(word.endswith(b"keep_lock.py") for word in words) and NAME.encode() in words:
                found.append(int(folder.name))
    return found


def silent(cluster: TestCluster) -> float:
    """Seconds since the lock was renewed."""
    return (datetime.now(UTC) - cluster.ledger.lock_of(NAME).renewed_at).total_seconds()


def free(cluster: TestCluster) -> bool:
    """Whether nobody has the lock, and nobody renews it."""
    return cluster.ledger.lock_of(NAME) is None and not keepers()


def test_two_hosts_of_one_play_make_one_pool(cluster: TestCluster, plays: Plays) -> None:
    made = plays.run("twice", pool(3), hosts="one,two,").good()
    assert "waiting for another task of this run" in made.text
    assert [m.name for m in cluster.ledger.machines(NAME) if m.pool == "web"] == ["web-1", "web-2", "web-3"]
    assert cluster.machines.names() == [*MASTERS, "web-1", "web-2", "web-3"]
    until(lambda: free(cluster), 10)


def test_a_run_that_waits_keeps_its_lock(cluster: TestCluster, plays: Plays, note: Note) -> None:
    with plays.started("long", pool(3), pause(150), pool(3)) as process:
        read_until(process, r"^TASK \[Something that takes long")
        began, longest = time.monotonic(), 0.0
        while time.monotonic() - began < 130:
            longest = max(longest, silent(cluster))
            time.sleep(1)
        assert longest < 60
        plays.run("other", pool(3)).refused("another run works on this cluster", f"pid {process.pid}", "last renewed")
        assert f"pid {process.pid}, since" in cluster.playbooks.run("info", csk_name=NAME).good().text
        os.killpg(process.pid, signal.SIGSTOP)  # it isn't dead: it may go on at any moment
        stopped = cluster.ledger.lock_of(NAME).renewed_at
        until(lambda: cluster.ledger.lock_of(NAME).renewed_at > stopped, 60)
        os.killpg(process.pid, signal.SIGCONT)
        text, _ = process.communicate(timeout=300)
        assert process.returncode == 0, text
    note("longest time without renewal in a step of 130 s", f"{longest:.0f} s")
    until(lambda: free(cluster), 10)


def test_a_failed_run_leaves_no_lock(cluster: TestCluster, plays: Plays) -> None:
    plays.run("failing", pool(3), {"ansible.builtin.fail": {"msg": "as it should"}}).refused("as it should")
    until(lambda: free(cluster), 10)


def test_a_killed_run_leaves_no_lock(cluster: TestCluster, plays: Plays, note: Note) -> None:
    with plays.started("killed", pool(3), pause(300)) as process:
        read_until(process, r"^TASK \[Something that takes long")
        assert len(keepers()) == 1
        os.kill(process.pid, signal.SIGKILL)  # it alone, as a full memory does
        began = time.monotonic()
        until(lambda: free(cluster), 10)
        note("a killed run's lock is gone after", f"{time.monotonic() - began:.1f} s")
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_who_renews_it_is_killed(cluster: TestCluster, plays: Plays) -> None:
    with plays.started("renewed", pool(3), pause(20), pool(3), pause(30)) as process:
        read_until(process, r"^TASK \[Something that takes long")
        (first,) = keepers()
        os.kill(first, signal.SIGKILL)
        text = read_until(process, r"^TASK \[Something that takes long")
        assert "another one was started" in text
        (second,) = keepers()
        assert second != first
        kill(process)
    until(lambda: free(cluster), 10)


@pytest.mark.parametrize("ended", [False, True], ids=["the other run works", "the other run has ended"])
def test_who_lost_the_lock_changes_nothing(cluster: TestCluster, plays: Plays, ended: bool) -> None:
    before, states = cluster.ledger.machines(NAME), cluster.machines.states()
    with plays.started("lost", pool(3), pause(15), pool(5)) as process:
        read_until(process, r"^TASK \[Something that takes long")
        # What csk_take_over on another host does.
        mine = schema.LOCKS.c.cluster == NAME
        with cluster.ledger._write() as connection:
            if ended:
                connection.execute(schema.LOCKS.delete().where(mine))
            else:
                connection.execute(schema.LOCKS.update().where(mine).values(**vars(OTHER), run_id=OTHER.id))
        text, _ = process.communicate(timeout=120)
    told = "it is no longer there" if ended else "it has been taken over by"
    Outcome(process.returncode, text).refused(told, "This run stops before it changes anything more", "Do:")
    assert cluster.ledger.machines(NAME) == before
    assert cluster.machines.states() == states
    cluster.ledger.unlock(NAME, OTHER)
    until(lambda: free(cluster), 30)


def test_nobody_waits_for_who_renews_it(cluster: TestCluster, plays: Plays) -> None:
    """A pipe ends with the run, not with the process that renews its lock, which is made to outlive it here."""
    with plays.started("piped", pool(3), pause(10)) as process:
        read_until(process, r"^TASK \[Something that takes long")
        (keeper,) = keepers()
        os.kill(keeper, signal.SIGSTOP)
        began = time.monotonic()
        text, _ = process.communicate(timeout=60)
        assert process.returncode == 0, text
        assert time.monotonic() - began < 50
        assert keepers() == [keeper]
        state = subprocess.run(["ps", "-o", "state=", "-p", str(keeper)], capture_output=True, text=True, check=True)
        assert state.stdout.strip() == "T"
        os.kill(keeper, signal.SIGCONT)
    until(lambda: free(cluster), 10)
