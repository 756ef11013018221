# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker Engine and its host: a client, facts about the host, and commands run there in a helper container.

A user who is only in the group docker has no rights on the Engine's host: all that happens there happens in a helper.
"""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from ...core.errors import CskError, Problem
from .host import FACTS_SCRIPT, HostFacts, parse_facts
from .where import engine_address

LABEL_RELEASE = "csk.dev/release"
LABEL_HELPER = "csk.dev/helper"
# The directory on the Engine's host for the store of unpacked images and the machines' data.
DATA_ROOT = "/var/lib/csk"
HELPER_IMAGE = "csk-helper:host"
# Seconds for one answer of the Engine: a busy machine takes its time to start containers.
TIMEOUT = 300
# Where it writes a whole tree, file by file, before it answers: that took more than 5 minutes on a crowded machine.
TREE_TIMEOUT = 3600
CONFLICT = 409  # HTTP
REMOVAL_ATTEMPTS = 400  # 20 s; so for the end of one that was killed


class Engine:
    """The local Docker Engine.

    :param data_root: the directory on the Engine's host that holds the store and the machines' data; /data in helpers.
    """

    def __init__(self, data_root: str = DATA_ROOT) -> None:
        self.data_root = data_root

    @cached_property
    def address(self) -> str:
        """The Engine's, as docker's command line finds it."""
        return engine_address()

    def problems(self) -> list[Problem]:
        """What keeps this Engine from being used at all; an empty list if nothing does."""
        try:
            info = self.info
        except CskError as err:
            return err.problems
        found = []
        if info.get("OSType") != "linux":
            found.append(
                Problem(
                    "Docker Engine",
                    f"it runs {info.get('OSType')} containers.",
                    "nodes are Linux.",
                    "use a Linux Engine.",
                )
            )
        if any("rootless" in option for option in info.get("SecurityOptions") or []):
            found.append(
                Problem(
                    "Docker Engine",
                    "it is rootless.",
                    "nodes need capabilities of the host.",
                    "use an Engine that root runs; a user in the group docker is enough.",
                )
            )
        return found

    @cached_property
    def client(self) -> Any:
        """The docker SDK's client. Raises CskError when the Engine isn't local, isn't there, or doesn't let us in."""
        if not self.address.startswith("unix://"):
            raise CskError(
                Problem(
                    "DOCKER_HOST, docker context",
                    f"the Docker Engine at {self.address} isn't local.",
                    "the container provider works with a local Engine (a unix socket) only.",
                    "run csk on that machine, or unset DOCKER_HOST and choose another context.",
                )
            )
        try:
            import docker
        except ImportError as err:
            raise CskError(
                Problem(
                    "Python",
                    f"the package docker can't be imported ({err}).",
                    "the container provider uses it.",
                    "pip install docker in the environment that runs ansible-playbook.",
                )
            ) from err
        try:
            client = docker.DockerClient(
                base_url=self.address,
                timeout=TIMEOUT,
                max_pool_size=64,
                version="auto",
            )
            client.ping()
        except docker.errors.DockerException as err:
            denied = "Permission denied" in str(err)
            raise CskError(
                Problem(
                    f"Docker Engine at {self.address}",
                    "this user may not talk to it (permission denied)." if denied else f"it doesn't answer ({err}).",
                    "provider container needs a running Docker Engine.",
                    "add the user to the group docker and log in again, or run as root."
                    if denied
                    else "start it (systemctl start docker), or set DOCKER_HOST to its socket.",
                )
            ) from err
        return client

    @property
    def api(self) -> Any:
        """The docker SDK's low-level client."""
        return self.client.api

    @contextmanager
    def patient(self) -> Iterator[Any]:
        """The low-level client while a whole tree is written."""
        self.api.timeout = TREE_TIMEOUT
        try:
            yield self.api
        finally:
            self.api.timeout = TIMEOUT

    @cached_property
    def info(self) -> dict[str, Any]:
        """What the Engine says about itself."""
        return self.api.info()

    @cached_property
    def host(self) -> HostFacts:
        """Facts about the Engine's host, found by one helper."""
        return parse_facts(self.helper(FACTS_SCRIPT, []), self.info)

    def node_images(self) -> list[dict[str, Any]]:
        """The Engine's images that were made as node images, newest first."""
        images = self.api.images(filters={"label": [LABEL_RELEASE]})
        return sorted((image for image in images if image.get("RepoTags")), key=lambda image: -image["Created"])

    def image(self, name: str) -> dict[str, Any] | None:
        """An image by its name, or None."""
        import docker

        try:
            return self.api.inspect_image(name)
        except docker.errors.NotFound:
            return None

    def helper(
        self,
        script: str,
        args: Sequence[str],
        *,
        host_tools: bool = False,
        on_line: Callable[[str], None] | None = None,
        options: dict[str, Any] | None = None,
        environment: dict[str, str] | None = None,
    ) -> str:
        """Run a shell script as root on the Engine's host; return its output.

        The host's tree is /host (read-only), the data root /data. The container goes when the script ends, also if the
        caller is killed meanwhile.
        :param host_tools: use the host's programs (it has debootstrap), not a node image's.
        :param on_line: called with each line of standard output as it comes.
        """
        images = [] if host_tools else self.node_images()
        image = images[0]["Id"] if images else self.host_image()
        binds = ["/:/host:ro", f"{self.data_root}:/data"] + ([] if images else ["/usr:/usr:ro"])
        config = self.api.create_host_config(
            auto_remove=True,
            network_mode="host",
            pid_mode="host",
            binds=binds,
            log_config={"type": "none"},
            **({"security_opt": ["apparmor=unconfined", "label=disable"]} | (options or {})),
        )
        # The exit code goes through the output: the container may be gone before it could be asked for.
        wrapped = f'(set -eu; {script}\n); echo "csk-exit=$?"'
        container = self.api.create_container(
            image,
            entrypoint=["/bin/sh", "-c", wrapped, "csk-helper", *args],
            command=[],
            host_config=config,
            labels={LABEL_HELPER: "true"},
            environment={"LC_ALL": "C.UTF-8", **(environment or {})},
            use_config_proxy=False,
        )
        stream = self.api.attach(container["Id"], stream=True, demux=True)
        try:
            self.api.start(container["Id"])
        except Exception:
            self.remove(container["Id"])
            raise
        errors: list[str] = []
        output: list[str] = []
        code = "none: it was killed"
        for line in _lines(stream, errors):
            if line.startswith("csk-exit="):
                code = line.removeprefix("csk-exit=")
                continue
            output.append(line)
            if on_line:
                on_line(line)
        # it removes itself; gone when we return, so that what was made can be counted
        self.remove(container["Id"])
        if code != "0":
            tail = "".join(errors).strip()[-2000:]
            raise CskError(
                Problem(
                    f"Engine's host ({self.data_root})",
                    f"a step there failed, exit code {code}: {tail or ' '.join(output[-5:])}",
                    "the helper container must be able to work there.",
                    "look at the message; free space and permissions are what is usually wrong.",
                )
            )
        return "\n".join(output)

    def kill(self, name: str) -> None:
        """Kill a container, if it is there, so that the Engine doesn't start it again either.

        :raises CskError: where something of it still runs.
        """
        import docker

        try:
            with suppress(docker.errors.APIError):  # one that doesn't run is refused; what counts is how it is then
                self.api.kill(name)
            for _attempt in range(REMOVAL_ATTEMPTS):
                state = self.api.inspect_container(name)["State"]
                if not (state["Running"] or state["Restarting"]):
                    return
                time.sleep(0.05)
        except docker.errors.NotFound:
            return
        raise CskError(
            Problem(
                f"container {name}",
                "it still runs after it was killed.",
                "nothing of a machine is removed by force while it may still run.",
                "restart the Docker Engine, then run the same again.",
            )
        )

    def remove(self, name: str) -> bool:
        """Kill and remove a container with its volumes, if it is there. Returns whether it was."""
        import docker

        for _attempt in range(REMOVAL_ATTEMPTS):
            try:
                self.api.remove_container(name, force=True, v=True)
                return True
            except docker.errors.NotFound:
                return False
            except docker.errors.APIError as err:
                # "removal is already in progress": its own, another run's, or a killed one's
                if err.status_code != CONFLICT:
                    raise
            time.sleep(0.05)
        raise CskError(
            Problem(
                f"container {name}",
                "its removal doesn't end.",
                "the Engine removes a container within seconds.",
                "restart the Docker Engine, then run the same again.",
            )
        )

    def host_image(self) -> str:
        """An image of symbolic links only: with the host's /usr mounted in it, it runs the host's own programs."""
        if not self.image(HELPER_IMAGE):
            self.api.import_image_from_data(
                _links_archive(), repository="csk-helper", tag="host", changes=[f"LABEL {LABEL_HELPER}=true"]
            )
        return HELPER_IMAGE


def _lines(stream: Iterator[tuple[bytes | None, bytes | None]], errors: list[str]) -> Iterator[str]:
    """Whole lines of standard output; standard error is appended to ``errors``."""
    rest = b""
    for out, err in stream:
        if err:
            errors.append(err.decode(errors="replace"))
        if out:
            *whole, rest = (rest + out).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")


def _links_archive() -> bytes:
    """The archive of the helper image: a merged-/usr tree whose contents come from the host."""
    links = {name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32")}
    links |= {
        f"etc/{name}": f"/host/etc/{name}"
        for name in (
            "alternatives",
            "apt",
            "group",
            "ld.so.cache",
            "ld.so.conf",
            "ld.so.conf.d",
            "nsswitch.conf",
            "passwd",
            "ssl",
        )
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("usr", "etc", "host", "data", "tmp", "var", "root", "proc", "sys", "dev", "run"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(entry)
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()
