# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file server and a registry of our own, with upstream's layout, holding what `make artifacts` obtained."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import http.server
import socket
import subprocess
import tarfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import golang, manifest, modules
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.published import Places, downloads
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.release import Component
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.store import Store
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.catalogue import load_release as load
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.pull import mirrored

REGISTRY = Component("registry", "3.1.2", "github.com/distribution/distribution/v3")
NAMES = ("kubernetes", "containerd", "runc", "cni_plugins", "crictl")


@dataclass(frozen=True)
class Upstream:
    """Where the published files and images are; ``folder`` is what the file server serves."""

    url: str
    folder: Path
    registry: str

    def variables(self) -> dict[str, str]:
        """The role's variables that name them."""
        urls = {f"artifacts_upstream_{name}_url": f"{self.url}/{name}/" for name in NAMES}
        return urls | {"artifacts_source": "upstream", "artifacts_upstream_registry": self.registry}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """Serve a folder; gives its URL."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def registry(made: Path, folder: Path) -> Iterator[str]:
    """Run the distribution registry, built like any component; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    configuration = folder / "config.yml"
    configuration.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: '{address}'}}\n"
    )
    command = [str(registry_program(made)), "serve", str(configuration)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://{address}/v2/")
        yield address
    finally:
        process.terminate()
        process.wait()


def registry_program(made: Path) -> Path:
    """Build the registry, unless it is there already."""
    store = Store(made.parent)
    with store.locked(print):
        if modules.missing(store, [REGISTRY]):
            caches = golang.Caches(store.home / "cache" / "go", own=True)
            modules.build_component(store, REGISTRY, modules.find_go([REGISTRY], store, print), caches)
            caches.bound(0)
    return store.component(REGISTRY.name, REGISTRY.version) / "bin" / "registry"


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    for _attempt in range(100):
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{url} doesn't answer")


def publish_files(release: Path, url: str, folder: Path) -> None:
    """Lay a release's programs out as upstream does, with their checksums."""
    places = Places(*(f"{url}/{name}" for name in NAMES))
    for component in load(release.name).components.values():
        for download in downloads(component, places):
            target = folder / download.url.removeprefix(f"{url}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if "" in download.members:
                target.write_bytes((release / download.members[""]).read_bytes())
            else:
                with tarfile.open(target, "w:gz", compresslevel=1) as archive:
                    for name, path in download.members.items():
                        archive.add(release / path, f"./{name}")
            sums = folder / download.checksums.removeprefix(f"{url}/")
            sums.write_text(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target.name}\n")


def push_images(release: Path, address: str) -> None:
    """Push a release's images, and leave the Engine as it was but for their own names."""
    engine = docker.from_env()
    content = manifest.read(release / manifest.NAME)
    assert content
    for name, image in content["images"].items():
        with (release / image["file"]).open("rb") as archive:
            engine.images.load(archive)
        repository, tag = mirrored(name, address).rsplit(":", 1)
        engine.images.get(name).tag(repository, tag)
        for line in engine.images.push(repository, tag, stream=True, decode=True):
            assert "error" not in line, line
        engine.images.remove(f"{repository}:{tag}")
        engine.images.remove(name)
