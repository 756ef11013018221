# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a release's own kubelet is asked whether it takes a configuration, and what its answer says. Pure functions."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence

# What the kubelet starts from where no cluster has a configuration yet: kubeadm's adds nothing that a pool may say.
BARE = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
# It says this after it has judged its configuration and before it does anything (k8s.io/kubernetes,
# cmd/kubelet/app/server.go): --exit-on-lock-contention without a file to lock.
_JUDGED = "cannot exit on lock file contention: no lock file specified"
_SCRIPT = """PATH=/usr/local/bin:$PATH
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT || exit 1
echo {base} | base64 -d > "$work/config.yaml"
ask() {{
  mkdir "$work/$1"
  cp /etc/kubernetes/kubelet.conf.d/10-machine.conf "$work/$1" 2> /dev/null
  echo "$2" | base64 -d > "$work/$1/20-pool.conf"
  [ -n "$2" ] || rm "$work/$1/20-pool.conf"
  echo "csk-asked $1"
  timeout 60 kubelet --config "$work/config.yaml" --config-dir "$work/$1" --cert-dir "$work" --root-dir "$work" \\
    --exit-on-lock-contention 2>&1
}}
{asked}
"""
_FAILED = re.compile(r'"command failed" err=("(?:[^"\\]|\\.)*")')
_AROUND = re.compile(r"^failed to validate kubelet configuration, error: |, path: &TypeMeta.*$", re.DOTALL)
_TOLD = 600  # characters of what can't be read


def script(base: str, pools: Sequence[str]) -> str:
    """A shell script that asks the kubelet of a node without a pool, then that of each pool.

    :param base: the cluster's KubeletConfiguration, as YAML.
    :param pools: each pool's drop-in.
    """
    asked = [f"ask {number} '{_encoded(text)}'" for number, text in enumerate(["", *pools])]
    return _SCRIPT.format(base=_encoded(base), asked="\n".join(asked))


def refusals(output: str, pools: int) -> list[str]:
    """Why each was refused, that without a pool first; empty where it wasn't.

    :param output: what the script printed.
    :param pools: how many were asked.
    """
    answers = dict.fromkeys(range(pools + 1), "")
    for part in output.split("csk-asked ")[1:]:
        number, _newline, text = part.partition("\n")
        answers[int(number)] = text
    return [_reason(answers[number]) for number in range(pools + 1)]


def _reason(answer: str) -> str:
    if _JUDGED in answer:
        return ""
    failed = _FAILED.search(answer)
    return _AROUND.sub("", json.loads(failed[1])) if failed else answer.strip()[-_TOLD:] or "it doesn't answer"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
