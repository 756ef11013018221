#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the suites of the long series one after another, whatever becomes of each, and keep how they ended.

Named suites are run in any case, else those that haven't passed on this commit yet; ``list`` names all of them. Each
ends with a line in tests/soak/log. `make soak` calls it, for the environment of the tests.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from common import TOP, VENV, fail, say

FOLDER = TOP / "tests" / "soak"
SCENARIOS = TOP / "molecule"
LOG = FOLDER / "log"
LIMIT_SECONDS = 30 * 60
CHANGES = "+changes"
# For git: the whole checkout; to write the log is no change of it.
CHECKOUT = ("--", ":/", f":(exclude,top){LOG.relative_to(TOP)}")
_LINE = re.compile(r"(\S+) (\S+) (passed|failed) (\d+) s at ([0-9a-f]+)(\+changes)?")


@dataclass(frozen=True)
class Entry:
    """How a suite ended.

    :param day: as YYYY-MM-DD.
    :param seconds: how long it took.
    :param commit: what ran, abbreviated.
    :param clean: whether the checkout was that commit without a change.
    """

    day: str
    suite: str
    passed: bool
    seconds: int
    commit: str
    clean: bool

    def __str__(self) -> str:
        """The log's line."""
        ended, changes = "passed" if self.passed else "failed", "" if self.clean else CHANGES
        return f"{self.day} {self.suite} {ended} {self.seconds} s at {self.commit}{changes}"


def parse(text: str) -> list[Entry]:
    """The entries of a log; lines that are none are left out."""
    found = [_LINE.fullmatch(line.strip()) for line in text.splitlines()]
    return [Entry(one[1], one[2], one[3] == "passed", int(one[4]), one[5], not one[6]) for one in found if one]


def choose(suites: Iterable[str], entries: Iterable[Entry], commits: set[str]) -> list[str]:
    """The suites that are still to run.

    :param commits: those that count as what is checked out; none where that has changes.
    """
    ended = {entry.suite: entry.passed for entry in entries if entry.clean and entry.commit in commits}
    return [suite for suite in suites if not ended.get(suite)]


def suites(folder: Path, scenarios: Path) -> dict[str, str]:
    """The names of all suites, with a line about each: folders of tests, and Molecule scenarios but the default."""
    found = {path.name: _docstring(path) for path in sorted(folder.iterdir()) if any(path.glob("test_*.py"))}
    for path in sorted(scenarios.glob("*/molecule.yml")):
        if path.parent.name != "default":
            comment = re.search(r"^# *(.*)", path.read_text("utf-8"), re.MULTILINE)
            found[f"molecule-{path.parent.name}"] = comment[1] if comment else ""
    return found


def _docstring(suite: Path) -> str:
    """The first line that a suite says about itself: its package, or else its first file of tests."""
    for path in (suite / "__init__.py", *sorted(suite.glob("test_*.py"))):
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path.exists() else None
        if text:
            return text.splitlines()[0]
    return ""


def command(suite: str) -> list[str | Path]:
    """What runs a suite."""
    if suite.startswith("molecule-"):
        return [VENV / "bin" / "molecule", "test", "-s", suite.removeprefix("molecule-")]
    return [VENV / "bin" / "pytest", FOLDER / suite]


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in the checkout."""
    return subprocess.run(["git", *arguments], cwd=TOP, check=False, capture_output=True, text=True)


def checked_out() -> tuple[str, bool]:
    """The commit, abbreviated, and whether the checkout has no changes."""
    changes = git("status", "--porcelain", *CHECKOUT).stdout
    return git("rev-parse", "--short", "HEAD").stdout.strip(), not changes


def same_commits(entries: Iterable[Entry]) -> set[str]:
    """Those of the log's commits that differ from what is checked out in the log at most."""
    commits = {entry.commit for entry in entries}
    return {commit for commit in commits if git("diff", "--quiet", commit, "HEAD", *CHECKOUT).returncode == 0}


def run(suite: str) -> bool:
    """Run a suite; one that takes too long is killed, with all its children, and has failed."""
    with subprocess.Popen(command(suite), cwd=TOP, start_new_session=True) as process:
        try:
            return process.wait(LIMIT_SECONDS) == 0
        except subprocess.TimeoutExpired:
            say(f"{suite} took more than {LIMIT_SECONDS // 60} minutes: killing it")
            return False
        finally:
            if process.poll() is None:
                kill(process.pid)


def kill(pid: int) -> None:
    """Kill a process and all below it: Ansible's workers are in sessions of their own. Stopped, they start no more."""
    known: list[int] = []
    while new := [one for one in family(pid) if one not in known]:
        known += new
        for one in new:
            send(one, signal.SIGSTOP)
    for one in known:
        send(one, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def family(pid: int) -> list[int]:
    """A process and all below it, those that ended but weren't waited for left out."""
    children: dict[int, list[int]] = {}
    running = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()[:2]
        except OSError:  # it ended meanwhile
            continue
        if state != "Z":
            running.add(int(stat.parent.name))
        children.setdefault(int(parent), []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return [one for one in found if one in running]


def obtain(suite: str) -> bool:
    """Obtain the releases that a suite needs beyond those of all tests; they are the user's, and stay."""
    needed = FOLDER / suite / "releases"
    versions = needed.read_text("utf-8").split() if needed.exists() else []
    env = {**os.environ, "CSK_HOME": os.environ["CSK_USER_HOME"]}
    return all(
        subprocess.run(
            [VENV / "bin" / "ansible-playbook", f"csk.kubernetes.{playbook}", "-e", f"csk_version={version}"],
            cwd=TOP, env=env, check=False,
        ).returncode == 0
        for version in versions
        for playbook in ("artifacts", "node_image")
    )  # fmt: skip


def sweep() -> bool:
    """Start the Engine if a suite left it stopped, and remove what was left on it and in the tests' ledger."""
    env = {**os.environ, "CSK_TEST_HOME": os.environ["CSK_HOME"], "CSK_HOME": os.environ["CSK_USER_HOME"]}
    return all(
        subprocess.run([VENV / "bin" / "python", TOP / "tools" / tool], env=env, check=False).returncode == 0
        for tool in ("start_engine.py", "sweep_tests.py")
    )


def main() -> int:
    """Run the suites; 1 if any failed."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # so that the suite goes too
        signal.signal(ending, signal.default_int_handler)
    known = suites(FOLDER, SCENARIOS)
    named = sys.argv[1:]
    if named == ["list"]:
        print(*(f"{name:<18} {line}" for name, line in known.items()), sep="\n")
        return 0
    unknown = [name for name in named if name not in known]
    if unknown:
        fail(f"there is no suite {', '.join(unknown)}.", "make soak SUITE=list names them.")
    before = checked_out()
    old = parse(LOG.read_text("utf-8") if LOG.exists() else "")
    wanted = named or choose(known, old, same_commits(old) if before[1] else set())
    if len(wanted) < len(named or known):
        passed = [name for name in known if name not in wanted]
        say(f"passed on this commit already, so only run where SUITE names them: {' '.join(passed)}")
    ended: list[Entry] = []
    for suite in wanted:
        print(f"\n== {suite}", flush=True)
        ready = sweep() and obtain(suite)
        began, day = time.monotonic(), datetime.now(UTC).date().isoformat()
        good = ready and run(suite)
        seconds = round(time.monotonic() - began)
        ended.append(Entry(day, suite, good, seconds, before[0], before[1] and checked_out() == before))
        with LOG.open("a", encoding="utf-8") as log:
            print(ended[-1], file=log)
        print(ended[-1], flush=True)
    if ended:
        sweep()
        print("\n== suites", *ended, sep="\n")
    return 0 if all(entry.passed for entry in ended) else 1


if __name__ == "__main__":
    sys.exit(main())
