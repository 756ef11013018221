# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One container that boots systemd and behaves like a machine: its options, its start, and commands in it."""

from __future__ import annotations

import contextlib
import os
import tarfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import CskError, Problem
from ...core.machines import Limits
from .engine import LABEL_HELPER, Engine
from .host import HostFacts

# Seconds for a machine to come up: 3 on a quiet machine; ten at once on two busy cores take many times that.
BOOT_TIMEOUT = 120
# Docker mounts cgroups read-only, and an init that finds them so doesn't manage them, or doesn't
# start at all (cgroup v2).
INIT = """
while read -r _ target type options _; do
  case $type,$options in cgroup,ro* | cgroup2,ro*) mount -o remount,bind,rw "$target" ;; esac
done < /proc/mounts
exec /sbin/init
"""


def privileges(host: HostFacts) -> dict[str, Any]:
    """Host configuration that lets systemd, containerd and kubelet work in a container (docs/security.md)."""
    return {
        "cap_add": ["ALL"],
        "cap_drop": list(host.dropped),
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined", "label=disable"],
        "devices": ["/dev/fuse:/dev/fuse:rwm"] if host.fuse else [],
        # privileged pods (kube-proxy) get every device
        "device_cgroup_rules": ["a *:* rwm"],
    }


def limits_options(limits: Limits | None) -> dict[str, Any]:
    """Host configuration for a machine's limits. Swap counts as memory, so there is none beyond the limit."""
    options: dict[str, Any] = {}
    if limits and limits.cpus:
        options["nano_cpus"] = int(limits.cpus * 1e9)
    if limits and limits.memory_bytes:
        options |= {"mem_limit": limits.memory_bytes, "memswap_limit": limits.memory_bytes}
    if limits and limits.pids:
        options["pids_limit"] = limits.pids
    return options


def host_config(
    api: Any, host: HostFacts, binds: dict[str, str], limits: Limits | None, restart: bool
) -> dict[str, Any]:
    """The container's host configuration. A bind without its source is an error at the start."""
    mounts = [
        {"Type": "bind", "Source": source, "Target": target, "ReadOnly": False} for source, target in binds.items()
    ]
    if host.modules:
        mounts.append({"Type": "bind", "Source": "/lib/modules", "Target": "/lib/modules", "ReadOnly": True})
    config = api.create_host_config(
        tmpfs={"/run": "", "/tmp": ""},  # noqa: S108 - the machine's own
        mounts=mounts,
        restart_policy={"Name": "unless-stopped"} if restart else None,
        # systemd's console; the machine's journal has it too
        log_config={"type": "json-file", "config": {"max-size": "1m", "max-file": "1"}},
        **privileges(host),
        **limits_options(limits),
    )
    config["CgroupnsMode"] = "private"
    # systempaths=unconfined of the command line: /proc/sys and /sys are the machine's own to write
    config["MaskedPaths"], config["ReadonlyPaths"] = [], []
    return config


def create(
    engine: Engine,
    name: str,
    *,
    hostname: str,
    image: str,
    binds: dict[str, str],
    labels: dict[str, str],
    env: dict[str, str] | None = None,
    limits: Limits | None = None,
    network: str | None = None,
    address: str | None = None,
    restart: bool = True,
) -> None:
    """Create the container of a machine, not started. Without ``network`` it has none."""
    api = engine.api
    config = host_config(api, engine.host, binds, limits, restart)
    config["NetworkMode"] = network or "none"
    networking = None
    if network:
        networking = api.create_networking_config({network: api.create_endpoint_config(ipv4_address=address)})
    api.create_container(
        image,
        command=["/bin/sh", "-c", INIT],
        name=name,
        hostname=hostname,
        tty=True,
        detach=True,
        host_config=config,
        networking_config=networking,
        labels=labels,
        environment={"container": "docker", **(env or {})},
        use_config_proxy=False,  # those of the user's docker client are for what the user runs
        stop_signal="SIGRTMIN+3",
    )


@contextlib.contextmanager
def carrier(engine: Engine, binds: dict[str, str], read_only: bool = False) -> Iterator[str]:
    """A container that never runs: through it files of the Engine's host are streamed. Gives its id."""
    mode = "ro" if read_only else "rw"
    config = engine.api.create_host_config(binds=[f"{source}:{target}:{mode}" for source, target in binds.items()])
    labels = {LABEL_HELPER: "true"}
    found = engine.api.create_container(
        engine.host_image(), command=["-"], host_config=config, labels=labels, use_config_proxy=False
    )
    try:
        yield found["Id"]
    finally:
        engine.remove(found["Id"])


def execute(engine: Engine, name: str, command: Sequence[str]) -> tuple[int, str]:
    """Run a command as root in a running machine; returns its exit code and all its output."""
    job = engine.api.exec_create(name, list(command))
    output = engine.api.exec_start(job["Id"])
    return engine.api.exec_inspect(job["Id"])["ExitCode"], output.decode(errors="replace")


def run(engine: Engine, name: str, command: Sequence[str]) -> str:
    """Run a command as ``execute`` does; one that fails is an error. Returns the output."""
    code, output = execute(engine, name, command)
    if code != 0:
        raise CskError(
            Problem(
                f"machine {name}",
                f"{' '.join(command)} failed, exit code {code}: {output.strip()[-2000:]}",
                "a step in a machine must succeed.",
                f"look into it: docker exec {name} journalctl -b",
            )
        )
    return output


def wait(engine: Engine, name: str, unit: str | None, timeout: float = BOOT_TIMEOUT) -> None:
    """Wait until systemd answers in the machine and, if given, a unit is active (one exec, which looks itself)."""
    test = (
        f"systemctl is-active --quiet {unit}"
        if unit
        else "systemctl is-system-running 2>/dev/null | grep -Eq 'running|degraded'"
    )
    script = f"i=0; until {test}; do i=$((i+1)); [ $i -lt {int(timeout * 10)} ] || exit 1; sleep 0.1; done 2>/dev/null"
    began = time.monotonic()
    code, output = execute(engine, name, ["sh", "-c", script])
    if code != 0:
        seconds = round(time.monotonic() - began)
        said = (output + logs(engine, name, unit, 15)).strip()
        raise CskError(
            Problem(
                f"machine {name}",
                f"{unit or 'systemd'} did not become active in {seconds} s: {said}",
                f"a machine is up in {int(timeout)} s.",
                f"look into it: docker logs {name}; docker exec {name} journalctl -b",
            )
        )


def logs(engine: Engine, name: str, unit: str | None = None, lines: int = 50) -> str:
    """The last lines of a machine's journal; of its console when it doesn't run."""
    with contextlib.suppress(Exception):
        choice = ["-u", unit] if unit else []
        code, output = execute(engine, name, ["journalctl", "--no-pager", "-b", "-n", str(lines), *choice])
        if code == 0:
            return output
    with contextlib.suppress(Exception):
        return engine.api.logs(name, tail=lines).decode(errors="replace")
    return ""


def try_out(engine: Engine, image: str, script: str) -> str:
    """Run a shell script in a container of an image that has no network and goes at once; all its output."""
    config = engine.api.create_host_config(network_mode="none", auto_remove=True)
    found = engine.api.create_container(
        image, entrypoint=["/bin/sh", "-c", script], command=[], host_config=config, labels={LABEL_HELPER: "true"}
    )
    try:
        stream = engine.api.attach(found["Id"], stream=True)
        engine.api.start(found["Id"])
        return b"".join(stream).decode(errors="replace")
    finally:
        engine.remove(found["Id"])


def stop_and_remove(engine: Engine, name: str) -> None:
    """Let a machine shut down, so that its files are whole, then remove it."""
    engine.api.stop(name, timeout=30)
    engine.remove(name)


def copy_tree(engine: Engine, name: str, source: Path, target: str, only: Sequence[str] | None = None) -> None:
    """Stream a directory's content into a container's directory; ``only`` names the entries wanted."""
    receiving, sending = os.pipe()

    def pack() -> None:
        with (
            os.fdopen(sending, "wb") as stream,
            contextlib.suppress(BrokenPipeError),
            tarfile.open(fileobj=stream, mode="w|") as archive,
        ):
            for entry in only if only is not None else sorted(os.listdir(source)):
                archive.add(source / entry, arcname=entry)

    thread = threading.Thread(target=pack, daemon=True)
    thread.start()
    with os.fdopen(receiving, "rb") as stream:
        engine.api.put_archive(name, target, stream)
    thread.join()
