# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain Debian host to make a node of, and a place for releases."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.loader import init_plugin_loader

RELEASE = "1.36.3"
HOME = Path(os.environ.get("CSK_HOME") or "~/.csk").expanduser()
# What the tests import is the installed collection, as Ansible finds it.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])
PLAIN = "csk-test-plain"


@dataclass(frozen=True)
class Outcome:
    """How a run of a playbook ended."""

    code: int
    text: str

    def count(self, what: str, host: str = PLAIN) -> int:
        """A host's number in the recap, for example of ``changed`` tasks."""
        found = re.search(rf"^{host} .*\b{what}=(\d+)", self.text, re.MULTILINE)
        assert found, self.text
        return int(found[1])


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    """What the release's artifacts are."""
    path = HOME / "artifacts" / "releases" / RELEASE / "manifest.json"
    if not path.exists():
        pytest.fail(f"{path} isn't there: make artifacts")
    return json.loads(path.read_text())


@pytest.fixture(scope="session")
def plain() -> Iterator[Any]:
    """A container with Debian, systemd and Python, and nothing of a node; on a network, to install packages."""
    import ansible_collections.csk.kubernetes as collection
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import BaseTree
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import machine
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.engine import Engine
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.image import BASE_IMAGE, NodeImage
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.store import Store

    (root,) = collection.__path__
    engine = Engine()
    base = BaseTree(
        Path(root) / "roles/node_image/files/base.sh", ("dbus", "python3-minimal", "systemd-sysv", "libpython3-stdlib")
    )
    NodeImage(Store(engine, HOME), base, [], print).make_base()
    engine.remove(PLAIN)
    engine.helper("rm -rf /data/test; mkdir -p /data/test/containerd", [])
    machine.create(
        engine,
        PLAIN,
        hostname="plain",
        image=f"{BASE_IMAGE}:{base.digest()[:12]}",
        binds={f"{engine.data_root}/test/containerd": "/var/lib/containerd"},
        labels={"csk.dev/test": "true"},
        network="bridge",
        restart=False,
    )
    engine.api.start(PLAIN)
    machine.wait(engine, PLAIN, None)
    yield engine
    engine.remove(PLAIN)
    engine.helper("rm -rf /data/test", [])


Playbook = Callable[..., Outcome]


@pytest.fixture
def role_node(plain: Any, tmp_path: Path) -> Playbook:
    """Runs role node on the plain host, as a user's own playbook would."""
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.names import connection

    del plain
    variables = connection(PLAIN) | {
        "node_release": RELEASE,
        "node_artifacts_dir": str(HOME / "artifacts" / "releases" / RELEASE),
    }
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {PLAIN: variables}}}))
    (tmp_path / "site.yml").write_text(
        json.dumps([{"hosts": PLAIN, "gather_facts": False, "roles": [{"role": "csk.kubernetes.node"}]}])
    )

    def run(*arguments: str) -> Outcome:
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "hosts.json", "site.yml", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        return Outcome(ran.returncode, ran.stdout + ran.stderr)

    return run
