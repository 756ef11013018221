# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian that has only make and git, with a clone of the checkout: a container that is given the Engine's socket."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.loader import init_plugin_loader

TOP = Path(__file__).parents[3]
NAME = "csk-test-fresh"
CLONE = "/root/csk"
STEP_SECONDS = 1500  # for one command, which may say nothing meanwhile
# Variables that tell clients of package registries where these are, through what they are reached, and by which
# authorities they are known.
CLIENTS = re.compile(
    r"(?i)PIP_\w+|GO(PROXY|SUMDB|NOSUMDB|NOPROXY|PRIVATE|INSECURE)|\w+_PROXY|\w*(SSL_CERT|CA_BUNDLE|CAINFO)\w*"
)
APT = re.compile(r"Acquire::(https?|Check|ForceIPv|Retries)\b.*")
# What the tests import is the installed collection, as Ansible finds it.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    text: str


@dataclass(frozen=True)
class Machine:
    """The fresh machine."""

    api: Any

    def run(self, *command: str, user: str = "") -> Outcome:
        """Run a command in the clone."""
        job = self.api.exec_create(NAME, list(command), user=user, workdir=CLONE)
        output = self.api.exec_start(job["Id"]).decode(errors="replace")
        return Outcome(self.api.exec_inspect(job["Id"])["ExitCode"], output)

    def good(self, *command: str) -> str:
        """The output of a command that ends well."""
        outcome = self.run(*command)
        assert outcome.code == 0, outcome.text
        return outcome.text


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """The machine, as this one is configured; it is gone afterwards, and its image too."""
    import ansible_collections.csk.kubernetes as collection
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import BaseTree
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import Engine
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.image import BASE_IMAGE, NodeImage
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.store import Store

    (root,) = collection.__path__
    engine = Engine()
    base = BaseTree(Path(root) / "roles/node_image/files/base.sh", ("git", "make"))
    NodeImage(Store(engine, tmp_path_factory.mktemp("home")), base, [], print).make_base()
    image = f"{BASE_IMAGE}:{base.digest()[:12]}"
    engine.remove(NAME)
    engine.api.timeout = STEP_SECONDS
    socket = engine.address.removeprefix("unix://")
    environment = {name: value for name, value in os.environ.items() if CLIENTS.fullmatch(name)}
    engine.api.create_container(
        image,
        name=NAME,
        command=["sleep", "infinity"],
        environment=environment,
        labels={"csk.dev/test": "fresh"},
        host_config=engine.api.create_host_config(binds=[f"{socket}:/run/docker.sock"], init=True, network_mode="host"),
    )
    try:
        clone = tmp_path_factory.mktemp("clone") / "csk"
        subprocess.run(["git", "clone", "--quiet", "--depth=1", TOP.as_uri(), clone], check=True)
        engine.api.put_archive(NAME, "/", archive({CLONE: clone, **configuration(environment)}))
        engine.api.start(NAME)
        yield Machine(engine.api)
    finally:
        engine.remove(NAME)
        engine.api.remove_image(image)


def configuration(environment: dict[str, str]) -> dict[str, Path | bytes]:
    """What this machine's clients of package registries are told, by paths of the fresh one."""
    home = Path.home()
    files = {
        "/etc/pip.conf": Path("/etc/pip.conf"),
        "/root/.config/pip/pip.conf": home / ".config/pip/pip.conf",
        "/root/.pip/pip.conf": home / ".pip/pip.conf",
        "/root/.config/go/env": Path(os.environ.get("GOENV") or home / ".config/go/env"),
        "/usr/local/share/ca-certificates": Path("/usr/local/share/ca-certificates"),
    }
    # Debian's own folder of authorities is filled by its package.
    files |= {value: Path(value) for value in environment.values() if not f"{value}/".startswith("/etc/ssl/certs/")}
    found: dict[str, Path | bytes] = {
        target: path for target, path in files.items() if path.is_absolute() and path.exists()
    }
    dumped = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True).stdout
    lines = [line for line in dumped.splitlines() if APT.fullmatch(line)]
    return found | {"/etc/apt/apt.conf.d/90machine": "".join(f"{line}\n" for line in lines).encode()}


def archive(content: dict[str, Path | bytes]) -> bytes:
    """A tar file of files and folders by their absolute paths, all root's."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for target, source in content.items():
            if isinstance(source, bytes):
                member = tarfile.TarInfo(target.lstrip("/"))
                member.size = len(source)
                tar.addfile(member, io.BytesIO(source))
            else:
                tar.add(source, target.lstrip("/"), filter=owned)
    return stream.getvalue()
