# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A complete release to work with, and the playbook, as a user runs it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader

VERSION = "1.36.3"
# What the tests import is the installed collection, as Ansible finds it.
init_plugin_loader([path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path])


@dataclass(frozen=True)
class Outcome:
    """How a run of the playbook ended."""

    code: int
    text: str

    @property
    def changed(self) -> int:
        """The number of changed tasks."""
        found = re.search(r"changed=(\d+)", self.text)
        assert found, self.text
        return int(found[1])


Playbook = Callable[..., Outcome]


def command(home: Path, *arguments: str, **variables: str) -> list[str]:
    """The command that runs the playbook for a home of its own."""
    given = {"csk_home": str(home), "csk_version": VERSION, "artifacts_source": "modules"} | variables
    extra = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    return [playbook, "csk.kubernetes.artifacts", *extra, *arguments]


@pytest.fixture
def playbook(tmp_path: Path) -> Playbook:
    """Runs the playbook, in an empty folder."""

    def run(home: Path, *arguments: str, **variables: str) -> Outcome:
        ran = subprocess.run(
            command(home, *arguments, **variables), capture_output=True, text=True, check=False, cwd=tmp_path
        )
        return Outcome(ran.returncode, ran.stdout + ran.stderr)

    return run


@pytest.fixture(scope="session")
def made() -> Path:
    """The artifacts that `make artifacts` obtained: read only for the tests."""
    home = Path(os.environ.get("CSK_HOME") or "~/.csk").expanduser()
    folder = home / "artifacts"
    assert (folder / "releases" / VERSION).is_dir(), f"{folder} has no {VERSION}: run make artifacts first"
    return folder


@pytest.fixture
def home(tmp_path: Path, made: Path) -> Path:
    """A home with the whole release in it, by hard links where the file system allows."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    target = home / "artifacts"
    for folder in ("components", "releases"):
        shutil.copytree(made / folder, target / folder, copy_function=_link)
    return home


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a file's content under its name only, never what it is hard-linked with."""
    content, mode = path.read_bytes(), path.stat().st_mode
    path.unlink()
    path.write_bytes(change(content))
    path.chmod(mode)
