# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python programs on hosts, fed through standard input, so that no file and no argument there holds a secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ..core.remote import Remote

_ANSWER = "CSK"  # what a program prints before its answer, as JSON


class ProgramFailedError(Exception):
    """A program gave no answer.

    :param said: what it, or the way to its host, said.
    :param reached: whether the host was reached.
    """

    def __init__(self, said: str, reached: bool) -> None:
        super().__init__(said)
        self.said = said
        self.reached = reached


def run_program(remote: Remote, program: str, asked: Mapping[str, Any]) -> Any:
    """Run a program on a host; what it answers.

    :param program: its text, in which PAYLOAD stands for ``asked`` as JSON, in Base64.
    :raises ProgramFailedError: where it gives no answer.
    """
    payload = base64.b64encode(json.dumps(asked).encode()).decode()
    answer = remote.run(f"{remote.python} -", program.replace("PAYLOAD", repr(payload)))
    if answer.rc != 0 or _ANSWER not in answer.stdout:
        raise ProgramFailedError(answer.stderr.strip(), answer.rc is not None)
    return json.loads(answer.stdout.partition(_ANSWER)[2])
