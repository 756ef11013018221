# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a task that failed on a machine."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.causes import failure_cause

HINT = "To see the stack trace of this error execute with --v=5 or higher"
PREFLIGHT = [
    "[preflight] Some fatal errors occurred:",
    "\t[ERROR Port-10250]: Port 10250 is in use",
    "\t[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: contents are not set to 1",
    "error: error execution phase preflight: preflight checks failed",
    HINT,
]
WAITED = ["error: error execution phase kubelet-start: context deadline exceeded", HINT]
JOURNAL = """\
I1127 10:00:00.000001     100 server.go:1] "starting"
E1127 10:00:01.000001     100 run.go:72] "command failed" err="maxParallelImagePulls must be 1"
kubelet.service: Main process exited
"""


@pytest.mark.parametrize(
    ("result", "journal", "cause"),
    [
        (
            {"stderr_lines": PREFLIGHT, "cmd": "kubeadm join"},
            JOURNAL,
            f"{PREFLIGHT[1].strip()}; {PREFLIGHT[2].strip()}",
        ),
        ({"stderr_lines": WAITED, "cmd": ["kubeadm", "join"]}, "", WAITED[0]),
        (
            {"stderr_lines": WAITED, "cmd": ["flock", "/run/lock", "kubeadm"]},
            JOURNAL,
            f'{WAITED[0]} (its kubelet says: "command failed" err="maxParallelImagePulls must be 1")',
        ),
        ({"stderr_lines": ["no such file"], "cmd": "cp a b"}, JOURNAL, "no such file"),
        (
            {"stderr_lines": [], "msg": "csk_node_files.node: isn't known."},
            JOURNAL,
            "csk_node_files.node: isn't known.",
        ),
        ({"stderr_lines": [HINT], "msg": "non-zero return code"}, "", "non-zero return code"),
        ({}, "", ""),
    ],
)
def test_a_failure_is_told_by_its_cause(result, journal, cause):
    assert failure_cause(result, journal) == cause
