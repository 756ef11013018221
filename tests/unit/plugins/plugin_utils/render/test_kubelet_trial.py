# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a kubelet is asked, and what its answers mean."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.render import kubelet_trial

TAKEN = (
    'I1127 20:20:54.317348      34 server.go:545] "Kubelet version" kubeletVersion="v1.36.3"\n'
    'E1127 20:20:54.319212      34 run.go:72] "command failed" err="failed to run Kubelet: cannot exit on lock file '
    'contention: no lock file specified"\n'
)
REFUSED = (
    'E1127 20:20:53.815141      10 run.go:72] "command failed" err="failed to validate kubelet configuration, error: '
    'invalid configuration: maxParallelImagePulls cannot be larger than 1, path: &TypeMeta{Kind:,APIVersion:,}"\n'
)
STRICT = 'E1127 20:20:54.1 run.go:72] "command failed" err="failed to load: unknown field \\"spec.maxPodz\\""\n'


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([TAKEN, TAKEN], ["", ""]),
        ([TAKEN, REFUSED], ["", "invalid configuration: maxParallelImagePulls cannot be larger than 1"]),
        ([TAKEN, STRICT], ["", 'failed to load: unknown field "spec.maxPodz"']),
        ([TAKEN, "sh: kubelet: not found\n"], ["", "sh: kubelet: not found"]),
        ([TAKEN, ""], ["", "it doesn't answer"]),
        ([TAKEN], ["", "it doesn't answer"]),
        ([], ["it doesn't answer", "it doesn't answer"]),
    ],
)
def test_what_kubelets_say(answers, told):
    output = "".join(f"csk-asked {number}\n{text}" for number, text in enumerate(answers))
    assert kubelet_trial.refusals(output, 1) == told


@pytest.mark.skipif(not shutil.which("base64"), reason="the script wants base64")
def test_each_pool_has_its_own_folder(tmp_path):
    fake = tmp_path / "kubelet"
    fake.write_text("#!/bin/sh\ncat $2 $4/*.conf 2> /dev/null | tr '\\n' ' '\necho\n")
    fake.chmod(0o755)
    script = kubelet_trial.script("base: 'it''s'\n", ["a: 1\n", "b: $HOME\n"]).replace("/usr/local/bin", str(tmp_path))
    output = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.splitlines() == [
        "csk-asked 0", "base: 'it''s' ", "csk-asked 1", "base: 'it''s' a: 1 ", "csk-asked 2", "base: 'it''s' b: $HOME ",
    ]  # fmt: skip
