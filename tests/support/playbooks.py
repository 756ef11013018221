# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the collection's playbooks as a user does: by their full names, in an empty folder, with no configuration."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Every test says what day it is, so that none of them ends by the calendar.
TODAY = "2026-11-24"


@dataclass(frozen=True)
class Outcome:
    """How a run of a playbook ended, and what it printed on both outputs."""

    code: int
    text: str
    seconds: float = 0

    @property
    def changed(self) -> dict[str, int]:
        """Hosts with changes, and how many tasks changed something on each."""
        recap = self.text.rpartition("PLAY RECAP")[2]
        found = {host: int(number) for host, number in re.findall(r"^(\S+) .*\bchanged=(\d+)", recap, re.MULTILINE)}
        assert found, self.text
        return {host: number for host, number in found.items() if number}

    def good(self) -> Outcome:
        """The outcome itself, of a run that must have succeeded."""
        assert self.code == 0, self.text
        return self

    def refused(self, *parts: str) -> Outcome:
        """The outcome itself, of a run that must have failed with a message that holds all the parts."""
        assert self.code != 0, self.text
        said = " ".join(self.text.replace("\\n", " ").split())
        missing = [part for part in parts if part not in said]
        assert not missing, f"{missing} isn't in:\n{self.text}"
        return self


def cluster_file(name: str, **settings: Any) -> dict[str, Any]:
    """A valid cluster file: three masters, a pool of two workers; with other settings of csk_cluster."""
    cluster = {"name": name, "version": "1.36", "zones": ["zone-a", "zone-b", "zone-c"], "masters": 3}
    return {
        "csk_cluster": cluster | settings,
        "csk_nodepools": [{"name": "default", "desired_size": 2, "labels": {"tier": "web"}}],
    }


@dataclass
class Playbooks:
    """The way to run playbooks for one csk_home.

    :param folder: where cluster files are put.
    """

    home: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(
        self,
        playbook: str,
        *arguments: str,
        file: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        checkout: Path | None = None,
        seconds: float = 900,
        **variables: str,
    ) -> Outcome:
        """Run a playbook of the collection to its end.

        :param file: a cluster file's content.
        :param checkout: run the playbook of this folder's ``playbooks``, and not by its full name.
        :param variables: given as ``-e name=value``.
        """
        started = time.monotonic()
        with self.started(playbook, *arguments, file=file, env=env, checkout=checkout, **variables) as process:
            try:
                text, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                kill(process)
                text, _ = process.communicate()
                raise AssertionError(f"{playbook} didn't end within {seconds} s:\n{text}") from None
        return Outcome(process.returncode, text, time.monotonic() - started)

    @contextmanager
    def started(
        self,
        playbook: str,
        *arguments: str,
        file: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
        checkout: Path | None = None,
        stdin: int = subprocess.DEVNULL,
        **variables: str,
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a playbook, as a group of processes that is killed at the end where it still runs.

        :param stdin: what it reads; a terminal becomes its own.
        """
        chosen = checkout / "playbooks" / f"{playbook}.yml" if checkout else f"csk.kubernetes.{playbook}"
        command = [Path(sys.executable).with_name("ansible-playbook"), chosen, *arguments]
        if file is not None:
            path = self.folder / f"{time.monotonic_ns()}.json"
            path.write_text(json.dumps(file), encoding="utf-8")
            command += ["-e", f"@{path}"]
        for name, value in ({"csk_today": TODAY} | variables).items():
            command += ["-e", f"{name}={value}"]
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        asked = stdin >= 0 and os.isatty(stdin)
        if asked:  # Ansible asks only in the foreground of a terminal that is its session's
            command = ["setsid", "--ctty", *command]
        process = subprocess.Popen(
            command, cwd=empty, env=self.env() | dict(env or {}), text=True, start_new_session=not asked,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield process
        finally:
            kill(process)

    def env(self) -> dict[str, str]:
        """The environment of a run: nothing of Ansible's but where the collections are."""
        kept = ("ANSIBLE_COLLECTIONS_PATH",)
        mine = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_") or key in kept}
        plain = {"ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1"}
        return mine | plain | {"CSK_HOME": str(self.home)} | self.environment


def kill(process: subprocess.Popen[str]) -> None:
    """End a playbook as a lost terminal or a full memory does: at once, with all its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read what a playbook prints until a line matches, or what there is of it; return all that was read.

    A question has no end of its line.
    """
    assert process.stdout is not None
    text = line = ""
    while character := process.stdout.read(1):
        text += character
        line = "" if character == "\n" else line + character
        if re.search(pattern, line):
            return text
    raise AssertionError(f"it ended, and never said {pattern!r}:\n{text}")
