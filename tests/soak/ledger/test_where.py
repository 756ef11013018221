# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No ledger, another ledger, a container that keeps none, and another Engine: nothing is lost, and each is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger
from support.cluster import TestCluster
from support.machines import Machines
from support.playbooks import Outcome, Playbooks, cluster_file

NONE = "test-nowhere"
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts and starts Engines")
# What is seen in a container: its own root file system, on which nothing but what is mounted stays.
CONTAINER = """
cd {folder} && mkdir up work root && mount -t overlay overlay -o lowerdir=/,upperdir=$PWD/up,workdir=$PWD/work root
for each in proc dev run sys {mounted}; do mount --rbind /$each root/$each; done
exec chroot root env -C / {command}
"""


def empty_home(playbooks: Playbooks, folder: Path, **environment: str) -> Playbooks:
    """A csk_home without a ledger, that has the artifacts."""
    (folder / "home").mkdir(mode=0o700)
    (folder / "home" / "artifacts").symlink_to(playbooks.home / "artifacts")
    return Playbooks(folder / "home", folder, environment)


def test_only_create_makes_a_ledger(playbooks: Playbooks, tmp_path: Path) -> None:
    there = empty_home(playbooks, tmp_path)
    file, named = cluster_file(NONE), {"csk_name": NONE}
    for playbook, given, variables in (
        ("info", None, {}),
        ("delete", None, named | {"csk_confirm": NONE}),
        ("renew", None, named),
        ("upgrade", None, named | {"csk_upgrade_to": "1.37"}),
        ("scale", file, {}),
        ("load_image", None, named | {"csk_image": "none"}),
    ):
        there.run(playbook, file=given, **variables).refused(f"there is no ledger at {there.home}/ledger.db", "Do:")
    planned = there.run("plan", file=file).good()
    assert f"ledger {there.home}/ledger.db: make it." in planned.text
    there.run("create", "--check", file=file).good()
    assert [path.name for path in there.home.iterdir()] == ["artifacts"]


def test_a_cluster_of_another_ledger_is_not_deleted(healthy: TestCluster, tmp_path: Path) -> None:
    other = empty_home(healthy.playbooks, tmp_path)
    states, confirmed = healthy.machines.states(), {"csk_name": healthy.name, "csk_confirm": healthy.name}
    other.run("delete", **confirmed).refused("there is no ledger at", "master-1, master-2, master-3", "rebuild")
    Ledger.make(str(other.home))
    other.run("delete", **confirmed).refused(
        "doesn't know a cluster", "master-1, master-2, master-3", "rebuild", f"csk_confirm={healthy.record.id}"
    )
    nobody = other.run("delete", csk_name=NONE, csk_confirm=NONE).good()
    assert nobody.changed == {}
    assert "nothing to delete; neither the ledger" in nobody.text
    assert healthy.machines.states() == states


def contained(playbooks: Playbooks, home: str, folder: Path, playbook: str, mounted: str = "") -> Outcome:
    """Run a playbook as in a container, with a csk_home in it, or in a folder of the host that is mounted there."""
    file = folder / "file.json"
    file.write_text(json.dumps(cluster_file(NONE)), "utf-8")
    memory = Path("/dev/shm", f"csk-{os.getpid()}-{time.monotonic_ns()}")  # on a file system of its own
    memory.mkdir()
    variables = playbooks.env() | {"CSK_HOME": home}
    env = " ".join(f"{key}='{value}'" for key, value in variables.items() if key.startswith(("ANSIBLE_", "CSK_")))
    program = Path(sys.executable).with_name("ansible-playbook")
    command = f"{env} {program} csk.kubernetes.{playbook} -e @{file} -e csk_today=2026-11-24"
    script = CONTAINER.format(folder=memory, mounted=mounted, command=command)
    try:
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script],
            text=True, capture_output=True, check=False, env=playbooks.env(),
        )  # fmt: skip
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", memory], check=True)
    return Outcome(done.returncode, done.stdout + done.stderr)


@ROOT_ONLY
def test_a_container_keeps_no_ledger_but_on_a_mount(playbooks: Playbooks, tmp_path: Path) -> None:
    home = playbooks.home.parent / f"kept-{os.getpid()}"
    home.mkdir(mode=0o700)
    try:
        for playbook in ("plan", "create"):
            refused = contained(playbooks, str(home), tmp_path, playbook)
            refused.refused("lies in the file system of this container", "CSK_LEDGER_URL", "mount a volume")
        kept = contained(playbooks, str(home), tmp_path, "plan", str(home).lstrip("/")).good()
        assert f"ledger {home}/ledger.db: make it." in kept.text
        assert list(home.iterdir()) == []
    finally:
        home.rmdir()
    assert Machines(NONE).left() == []


@contextmanager
def second_engine() -> Iterator[str]:
    """Another Engine on this host, with nothing in it; gives its address."""
    folder = Path(tempfile.mkdtemp(prefix="csk-engine."))  # its sockets' paths must be short
    address = f"unix://{folder}/sock"
    places = [f"--{name}={folder / name}" for name in ("data-root", "exec-root", "pidfile")]
    network = ["--bridge=none", "--iptables=false", "--ip6tables=false"]
    with (folder / "log").open("wb") as log:
        engine = subprocess.Popen(["dockerd", *places, *network, "-H", address], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while subprocess.run(["docker", "-H", address, "info"], capture_output=True, check=False).returncode:
            assert engine.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.2)
        yield address
    finally:
        engine.terminate()
        engine.wait()
        # An Engine that didn't start leaves its directory mounted.
        subprocess.run(["umount", folder / "data-root"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder)


@ROOT_ONLY
def test_a_cluster_is_worked_on_where_its_machines_are(healthy: TestCluster, tmp_path: Path) -> None:
    name, states = healthy.name, healthy.machines.states()
    record = healthy.record
    snapshot = tmp_path / "none.db"
    snapshot.touch()

    def away(playbook: str, file: dict[str, Any] | None = None, **variables: str) -> Outcome:
        return healthy.playbooks.run(playbook, file=file, env={"DOCKER_HOST": address}, **variables)

    with second_engine() as address:
        for playbook, file, variables in (
            ("plan", healthy.file, {}),
            ("create", healthy.file, {}),
            ("scale", healthy.file, {}),
            ("renew", None, {"csk_name": name}),
            ("upgrade", None, {"csk_name": name, "csk_upgrade_to": "1.37"}),
            ("restore", healthy.file, {"csk_snapshot": str(snapshot), "csk_confirm": name}),
            ("delete", None, {"csk_name": name, "csk_confirm": name}),
            ("info", None, {"csk_name": name}),
        ):
            away(playbook, file, **variables).refused("provider container: has the machines of cluster", "csk_moved=")
        every = away("info").good()
        assert f"cluster {name}: provider container: has the machines of cluster {name} at" in every.text
    assert healthy.record == record
    assert healthy.machines.states() == states
    assert not healthy.create().good().changed


def test_an_older_record_learns_its_place_and_the_users_word_counts(healthy: TestCluster) -> None:
    place = healthy.record.places["container"]
    healthy.ledger.set_places(healthy.name, {"container": ""})
    assert not healthy.create().good().changed
    assert healthy.record.places == {"container": place}
    healthy.ledger.set_places(healthy.name, {"container": "Docker Engine of before"})
    healthy.create().refused("at Docker Engine of before", f"csk_moved={healthy.name}")
    assert not healthy.create(csk_moved=healthy.name).good().changed
    assert healthy.record.places == {"container": place}
