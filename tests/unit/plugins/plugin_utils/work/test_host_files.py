# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files go onto a host only where it is the node that it should be."""

from __future__ import annotations

import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.remote import Answer
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render.node_files import NodeFile
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import host_files

HERE = socket.gethostname()
CA, OTHER_CA = b"-----BEGIN\nours\n-----END\n", b"-----BEGIN\ntheirs\n-----END\n"
OURS = host_files.mark("red", "7", HERE)


def run(command, text=""):
    ran = subprocess.run(command.split(), input=text, capture_output=True, text=True, check=False)
    return Answer(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(host_files, "MARK", str(tmp_path / "csk" / "node"))
    monkeypatch.setattr(host_files, "PKI", str(tmp_path / "pki"))
    return tmp_path


def be(host, mark, ca):
    for path, content in (("csk/node", mark and mark.encode()), ("pki/ca.crt", ca)):
        if content:
            (host / path).parent.mkdir()
            (host / path).write_bytes(content)


def put(host, nodes=(HERE,), run=run, **more):
    marks = {node: host_files.mark("red", "7", node) for node in nodes}
    files = [NodeFile(str(host / "a" / "secret"), "hidden", 0o600), NodeFile(str(host / "gone"), None)]
    remote = SimpleNamespace(python=sys.executable, run=run)
    return host_files.put(remote, "csk_node_files", marks, CA, files, **({"new": True} | more))


@pytest.mark.parametrize(
    ("mark", "ca", "nodes", "more"),
    [
        (None, None, [HERE], {}),  # a new machine
        (OURS, None, [HERE], {}),
        (OURS, OTHER_CA, [HERE], {}),  # the mark says more
        (None, CA, [HERE], {}),  # made before there were marks
        (None, CA.replace(b"\n", b"\r\n"), [HERE], {}),
        (None, CA, ["master-1", HERE], {"new": False}),  # one of several
        (OURS, CA, ["master-1", HERE], {"new": False}),
    ],
)
def test_the_node_gets_its_files_and_its_mark(host, mark, ca, nodes, more):
    be(host, mark, ca)
    done = put(host, nodes, **more)
    assert (host / "csk" / "node").read_text() == OURS
    assert (host / "a" / "secret").read_text() == "hidden"
    assert (host / "a" / "secret").stat().st_mode & 0o777 == 0o600
    assert [entry["changed"] for entry in done] == [mark is None, True, False]
    assert [entry["changed"] for entry in put(host, nodes, **more)] == [False, False, False]


@pytest.mark.parametrize(
    ("mark", "ca", "nodes", "more", "told"),
    [
        (host_files.mark("blue", "8", HERE), CA, [HERE], {}, "of cluster blue, id 8"),
        (host_files.mark("red", "6", HERE), CA, [HERE], {}, "of cluster red, id 6"),
        (OURS, CA, ["web-1"], {}, f"is node {HERE} of cluster red, id 7, not node web-1"),
        (None, OTHER_CA, [HERE], {}, "another CA"),
        (None, CA, ["web-1"], {}, f"is node {HERE}, not node web-1"),
        (None, None, [HERE], {"new": False}, "is no node"),
        (host_files.mark("blue", "8", HERE), CA, [HERE], {"check": True}, "blue"),
        ("broken", CA, [HERE], {}, "is broken"),
    ],
)
def test_another_host_gets_nothing(host, mark, ca, nodes, more, told):
    be(host, mark, ca)
    with pytest.raises(CskError) as error:
        put(host, nodes, **more)
    assert told in str(error.value)
    assert not (host / "a").exists()
    assert not mark or (host / "csk" / "node").read_text() == mark


def test_in_check_mode_nothing_is_written(host):
    assert [entry["changed"] for entry in put(host, check=True)] == [True, True, False]
    assert list(host.iterdir()) == []


def test_a_host_that_cant_be_reached(host):
    with pytest.raises(AnsibleConnectionFailure, match="no route"):
        put(host, run=lambda *_: Answer(None, "", "no route"))
    with pytest.raises(CskError, match="no such file"):
        put(host, run=lambda *_: Answer(1, "", "no such file"))
