# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role node on a plain Debian host, over an Ansible connection, as existing hosts and virtual machines get it."""

from __future__ import annotations

import json
from typing import Any

from .conftest import PLAIN, RELEASE, Playbook


def on_host(engine: Any, *command: str) -> str:
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import machine

    return machine.run(engine, PLAIN, list(command))


def test_check_mode_tells_and_changes_nothing(plain: Any, role_node: Playbook) -> None:
    outcome = role_node("--check", "--diff")
    assert outcome.code == 0, outcome.text
    assert outcome.count("changed") > 0
    assert on_host(plain, "sh", "-c", "ls -d /etc/csk /opt/cni /usr/local/bin/kubelet 2>/dev/null || true") == ""


def test_a_plain_host_becomes_a_node(plain: Any, role_node: Playbook, manifest: dict[str, Any]) -> None:
    outcome = role_node()
    assert outcome.code == 0, outcome.text
    assert on_host(plain, "systemctl", "is-active", "containerd").strip() == "active"
    assert on_host(plain, "systemctl", "is-enabled", "containerd", "kubelet").split() == ["enabled", "enabled"]
    assert on_host(plain, "kubelet", "--version").strip() == f"Kubernetes v{RELEASE}"
    found = json.loads(on_host(plain, "sh", "-c", "crictl images -o json 2>/dev/null"))["images"]
    assert {tag for image in found for tag in image["repoTags"]} == set(manifest["images"])
    assert all(image["pinned"] for image in found)
    assert json.loads(on_host(plain, "cat", "/etc/csk/node-release"))["artifacts"] == manifest["digest"]
    assert on_host(plain, "sh", "-c", "ls /var/cache/csk 2>/dev/null || true") == ""


def test_a_node_is_one_task(role_node: Playbook) -> None:
    outcome = role_node()
    assert outcome.code == 0, outcome.text
    assert outcome.count("changed") == 0
    # the arguments' check, the look at the stamp
    assert outcome.count("ok") == 2


def test_a_node_without_its_stamp_is_put_right(plain: Any, role_node: Playbook) -> None:
    on_host(plain, "rm", "/etc/csk/node-release", "/usr/local/bin/crictl")
    outcome = role_node()
    assert outcome.code == 0, outcome.text
    assert on_host(plain, "crictl", "--version").startswith("crictl version")
    assert role_node().count("changed") == 0
