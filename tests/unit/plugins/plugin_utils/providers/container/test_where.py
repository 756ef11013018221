# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Engine is meant, for csk's own work and for Ansible's connections."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import where

MINE, DEFAULT = "unix:///run/mine.sock", "unix:///var/run/docker.sock"


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user's folder of the docker command, with one context of their own."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"mine").hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Name": "mine", "Metadata": {}, "Endpoints": {"docker": {"Host": MINE}}}))
    (tmp_path / "config.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("current", "environment", "expected"),
    [
        (None, {}, DEFAULT),
        ("default", {}, DEFAULT),
        ("mine", {}, MINE),
        (None, {"DOCKER_CONTEXT": "mine"}, MINE),
        ("mine", {"DOCKER_HOST": "unix:///a.sock"}, "unix:///a.sock"),
        ("mine", {"DOCKER_CONTEXT": "default"}, DEFAULT),
        (None, {"DOCKER_CONTEXT": "mine", "DOCKER_HOST": "unix:///a.sock"}, MINE),
        (None, {"DOCKER_CONTEXT": "default", "DOCKER_HOST": "unix:///a.sock"}, "unix:///a.sock"),
    ],
)
def test_it_is_the_docker_commands(
    monkeypatch: pytest.MonkeyPatch, client: Path, current: str | None, environment: dict[str, str], expected: str
) -> None:
    (client / "config.json").write_text(json.dumps({"currentContext": current} if current else {}))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert where.engine_address() == expected
    monkeypatch.setattr(where.shutil, "which", lambda _name: "/usr/bin/docker")
    assert where.connection("demo.master-1")["ansible_docker_extra_args"] == f"-H {expected}"


def test_a_context_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(CskError, match="no docker context 'gone'"):
        where.engine_address()


def test_a_socket_is_not_spoken_to_in_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setattr(where.shutil, "which", lambda _name: "/usr/bin/docker")
    variables = where.connection("demo.master-1")
    assert variables["ansible_connection"] == "community.docker.docker_api"
    assert variables["ansible_docker_docker_host"] == DEFAULT
    assert variables["ansible_docker_tls"] is variables["ansible_docker_validate_certs"] is False
