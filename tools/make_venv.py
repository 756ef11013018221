#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make .venv with what requirements-dev.txt says. Quick where it is there; a half-made one is made anew.

``tools/make_venv.py --freeze`` writes constraints-dev.txt from what is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from common import TOP, VENV, digest, fail, only_one, read, say

STAMP = VENV / ".csk-requirements"
UNFINISHED = VENV / ".csk-unfinished"
PYTHON = VENV / "bin" / "python"
FILES = ("requirements.txt", "requirements-dev.txt", "constraints-dev.txt")
# What ansible-core 2.19 runs on as a controller.
OLDEST, NEWEST = (3, 11), (3, 13)


def main() -> None:
    """Bring .venv to what the requirement files say."""
    if sys.argv[1:] == ["--freeze"]:
        freeze()
        return
    wanted = digest(*((TOP / name).read_bytes() for name in FILES))
    if read(STAMP) == wanted and PYTHON.exists():
        return
    with only_one("venv"):
        if read(STAMP) != wanted or not PYTHON.exists():
            install()
            STAMP.write_text(wanted, encoding="utf-8")


def install() -> None:
    """Make the virtual environment where there is none that works, and let pip bring it up to date."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        fail(
            f"python3 is {sys.version.split()[0]}; ansible-core 2.19 needs 3.11 to 3.13.", "make PYTHON=python3.12 ..."
        )
    if UNFINISHED.exists() or not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
    if not VENV.exists():
        say("making .venv")
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    say("installing the Python packages of requirements-dev.txt into .venv (a few minutes the first time)")
    # pip that is killed can leave a package that looks installed and isn't: then the next run starts from nothing.
    UNFINISHED.touch()
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements-dev.txt"]
    subprocess.run(command, cwd=TOP, check=True)
    UNFINISHED.unlink()


def freeze() -> None:
    """Pin what is installed now."""
    done = subprocess.run([PYTHON, "-m", "pip", "freeze"], check=True, capture_output=True, text=True)
    head = (
        "# Every package of .venv at the version that the tests run with; written by `tools/make_venv.py --freeze`.\n"
    )
    (TOP / "constraints-dev.txt").write_text(head + done.stdout, encoding="utf-8")


if __name__ == "__main__":
    main()
