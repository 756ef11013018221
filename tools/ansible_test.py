#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test`` with the arguments given, on a copy of the installed collection, where PyPI is all there is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from common import BUILD, VENV, only_one

WORK = BUILD / "test" / "ansible-test"  # a folder for each of its commands: they run side by side
COLLECTION = Path("ansible_collections", "csk", "kubernetes")
# For the pip of its virtual environments ansible-test fetches a script from a server of its own, but looks into its
# cache first: there we put one that gets the same pip from PyPI.
GET_PIP = "get_pip_24_2.py"
BOOTSTRAP = """\
import subprocess, sys
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "--quiet", *wanted]))
"""


def main() -> int:
    """Lay out the tree that ansible-test wants, and run it there."""
    work = WORK / sys.argv[1]
    with only_one(f"ansible-test-{sys.argv[1]}"):
        shutil.rmtree(work, ignore_errors=True)
        tree = work / COLLECTION
        shutil.copytree(BUILD / "collections" / COLLECTION, tree)
        # It tests the files that git lists, and build/ is ignored in the checkout's repository.
        subprocess.run(["git", "init", "--quiet", tree], check=True)
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        command = [VENV / "bin" / "ansible-test", *sys.argv[1:], "--python", python, "--color", "no"]
        return subprocess.run(command, cwd=tree, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """A home of its own, with a short path because its virtual environments need that, and the user's pip settings."""
    user = Path.home()
    home = user / ".cache" / "csk" / "ansible-test"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / GET_PIP).write_text(BOOTSTRAP, encoding="utf-8")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return {
        "XDG_CONFIG_HOME": str(user / ".config"),
        "PIP_CACHE_DIR": str(user / ".cache" / "pip"),
        "LC_ALL": "C.UTF-8",
        **inherited,
        "HOME": str(home),
        "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",  # shellcheck is there
    }


if __name__ == "__main__":
    sys.exit(main())
