# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed task on a machine failed by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# kubeadm's last line, whatever the error was (cmd/kubeadm/app/util/error.go).
_HINT = "To see the stack trace of this error"
# klog's header of an error: Lmmdd hh:mm:ss.uuuuuu threadid file:line]
_KLOG_ERROR = re.compile(r"^[EF]\d{4} [\d:.]+\s+\d+ \S+:\d+\] (.*)")


def failure_cause(result: Mapping[str, Any], journal: str = "") -> str:
    """Why a task failed: kubeadm's ``[ERROR ...]`` lines, else the last that the command said, else the task's message.

    :param result: of the task.
    :param journal: what the machine's kubelet wrote; its last error is told where kubeadm failed.
    """
    lines = [line.strip() for line in result.get("stderr_lines") or [] if line.strip() and _HINT not in line]
    errors = list(dict.fromkeys(line for line in lines if line.startswith("[ERROR ")))
    cause = "; ".join(errors) or (lines[-1] if lines else str(result.get("msg") or ""))
    command = result.get("cmd") or ""
    kubeadm = "kubeadm" in (command if isinstance(command, str) else " ".join(map(str, command)))
    said = [found[1] for line in journal.splitlines() if (found := _KLOG_ERROR.match(line.strip()))]
    return f"{cause} (its kubelet says: {said[-1]})" if kubeadm and said and not errors else cause
