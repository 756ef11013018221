#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See to a Docker Engine that answers: one that does stays as it is, an installed one is started by root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from common import BUILD, fail, only_one, say

ENGINE_LOG = BUILD / "dockerd.log"
# A store with many containers of an earlier run takes its time to be read.
START_SECONDS = 120


def main() -> None:
    """Start the Engine where it doesn't answer."""
    if engine_answers():
        return
    with only_one("engine"):
        if not engine_answers():
            start_engine()


def engine_answers() -> bool:
    """Whether an Engine answers a ping where Docker's clients look for it. Over TCP it is the user's to see to."""
    where = os.environ.get("DOCKER_HOST", "")
    if where and not where.startswith("unix://"):
        return True
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        try:
            line.connect(where.removeprefix("unix://") or "/var/run/docker.sock")
            line.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return line.recv(64).split(b" ")[1:2] == [b"200"]
        except PermissionError:
            fail("this user may not use the Docker Engine.", "add the user to the group docker and log in again.")
        except OSError:
            return False


def start_engine() -> None:
    """Start the installed Engine and wait until it answers."""
    if os.geteuid():
        fail("the Docker Engine doesn't answer.", "start it (systemctl start docker), or run make as root.")
    if not shutil.which("dockerd"):
        fail(
            "no Docker Engine answers, and none is installed.",
            "install Docker Engine, or have DOCKER_HOST say where one is.",
        )
    say("starting the Docker Engine")
    dockerd = None
    if Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "start", "docker"], check=False)
        log = "journalctl -u docker"
    else:
        log = str(ENGINE_LOG)
        if not running("dockerd"):
            dockerd = start_dockerd()
    end = time.monotonic() + START_SECONDS
    while not engine_answers():
        if time.monotonic() > end or (dockerd and dockerd.poll() is not None):
            fail("the Docker Engine doesn't start.", f"read {log}, mend it, and run make again.")
        time.sleep(0.2)


def start_dockerd() -> subprocess.Popen[bytes]:
    """Start dockerd by itself, as a process that outlives this one."""
    remove_stale_pid_files()
    with ENGINE_LOG.open("ab") as log:
        return subprocess.Popen(
            ["dockerd"], cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def running(name: str) -> bool:
    """Whether a process of that name runs, zombies not counted."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")
        except OSError:  # it ended meanwhile
            continue
        if head.partition("(")[2] == name and tail.split()[0] != "Z":
            return True
    return False


def remove_stale_pid_files() -> None:
    """Remove what a killed Engine left: with the number in use again by another process it wouldn't start."""
    for name, file in {"dockerd": "docker.pid", "containerd": "docker/containerd/containerd.pid"}.items():
        pid_file = Path("/var/run", file)
        try:
            pid = pid_file.read_text(encoding="utf-8").strip()
            alive = Path("/proc", pid, "comm").read_text(encoding="utf-8").strip() == name
        except OSError:
            alive = False
        if not alive:
            pid_file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
