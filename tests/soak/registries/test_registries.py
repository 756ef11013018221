# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes pull from a mirror with a CA of its own, and through an HTTP proxy."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import select
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.cluster import HOME, TestCluster
from support.kube import ECHO, pod
from support.playbooks import Playbooks, cluster_file
from support.servers import registry_program

NETWORK = "172.30.240.0/24"
GATEWAY = "172.30.240.1"  # where the nodes reach what listens on this machine
HIDDEN = "hidden.test"  # a name that only the proxy knows


class Proxy(socketserver.StreamRequestHandler):
    """An HTTP proxy that knows CONNECT, and takes every name to the registry."""

    def handle(self) -> None:
        """Join the two connections until one ends."""
        asked = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        self.server.asked.append(asked[1])  # type: ignore[attr-defined]
        with socket.create_connection(("127.0.0.1", int(asked[1].rpartition(":")[2]))) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            pair = {self.connection: there, there: self.connection}
            while True:
                for source in select.select(list(pair), [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    pair[source].sendall(data)


@dataclass(frozen=True)
class Servers:
    """A registry and a proxy: their ports, the registry's CA, and whom the proxy was asked for."""

    registry: int
    proxy: int
    ca: str
    asked: list[str]


def certificate(folder: Path) -> str:
    """Write a self-signed certificate for the registry and its key; gives the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "csk test registry")])
    names = [x509.DNSName(HIDDEN), x509.IPAddress(ipaddress.ip_address(GATEWAY))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM).decode()
    (folder / "tls.crt").write_text(text)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.key").write_bytes(private)
    return text


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, echo: Path) -> Iterator[Servers]:
    """The registry with the test image, and the proxy."""
    folder = tmp_path_factory.mktemp("mirror")
    ca = certificate(folder)
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    tls = f"tls: {{certificate: {folder}/tls.crt, key: {folder}/tls.key}}"
    configuration = folder / "config.yml"
    configuration.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: ':{port}', {tls}}}\n"
    )
    program = registry_program((HOME / "artifacts").resolve())
    registry = subprocess.Popen([program, "serve", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    proxy = socketserver.ThreadingTCPServer(("", 0), Proxy)
    proxy.asked = []  # type: ignore[attr-defined]
    proxy.daemon_threads = True
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        push(echo, port)
        yield Servers(port, proxy.server_address[1], ca, proxy.asked)  # type: ignore[attr-defined]
    finally:
        proxy.shutdown()
        registry.terminate()
        registry.wait()


def push(archive: Path, port: int) -> None:
    """Push the test image under the names that the test pulls; the Engine trusts any registry on 127.0.0.1."""
    client = docker.from_env()
    client.images.load(archive.read_bytes())
    for name in ("library/mirrored", "proxied"):
        repository = f"127.0.0.1:{port}/{name}"
        client.images.get(ECHO).tag(repository, "1")
        for _attempt in range(30):
            errors = [e for e in client.images.push(repository, "1", stream=True, decode=True) if "error" in e]
            if not errors:
                break
            time.sleep(0.5)
        assert not errors, errors
        client.images.remove(f"{repository}:1")
    client.images.remove(ECHO)


@pytest.fixture(scope="module")
def pulling(playbooks: Playbooks, servers: Servers) -> Iterator[TestCluster]:
    """A cluster whose nodes have a mirror for docker.io, and reach a registry only through the proxy."""
    mirrors = [
        {"registry": "docker.io", "endpoints": [f"https://{GATEWAY}:{servers.registry}"], "ca": servers.ca},
        {"registry": HIDDEN, "endpoints": [f"https://{HIDDEN}:{servers.registry}"], "ca": servers.ca},
    ]
    proxy = {"https_proxy": f"http://{GATEWAY}:{servers.proxy}", "no_proxy": ["example.test"]}
    file = cluster_file("test-pull", vpc_cidr=NETWORK, registry_mirrors=mirrors, proxy=proxy)
    file["csk_nodepools"][0]["desired_size"] = 1
    made = TestCluster(playbooks, file)
    made.create().good()
    yield made
    made.delete().good()


@pytest.mark.parametrize("image", ["mirrored:1", f"{HIDDEN}/proxied:1"])
def test_a_pod_whose_image_is_pulled(pulling: TestCluster, servers: Servers, image: str) -> None:
    name = "pulled-" + image.rpartition("/")[2].partition(":")[0]
    servers.asked.clear()
    body = json.loads(json.dumps(pod(name, "default", None, "serve")).replace(ECHO, image))
    pulling.kube.apply(body)
    pulling.kube.wait(f"pod/{name}", "condition=Ready")
    through = {address.partition(":")[0] for address in servers.asked}
    assert through == ({HIDDEN} if HIDDEN in image else set()), servers.asked


def test_the_runtime_knows_the_proxy_and_what_is_direct(pulling: TestCluster, servers: Servers) -> None:
    said = pulling.machines("default-1", "systemctl", "show", "containerd", "--property=Environment")
    assert f"HTTPS_PROXY=http://{GATEWAY}:{servers.proxy}" in said
    for direct in (NETWORK, "172.20.0.0/16", "172.21.0.0/20", ".svc", "example.test"):
        assert direct in said


def test_nothing_is_left_to_do(pulling: TestCluster) -> None:
    with contextlib.suppress(AssertionError):
        pulling.kube("delete", "pods", "--all", "--wait=false")
    again = pulling.create().good()
    assert not again.changed, again.text
