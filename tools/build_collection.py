#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's tarball and install it into build/collections, where the checkout's ansible.cfg finds it.

Nothing is done while the files that git knows or would add are those of the last build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from common import BUILD, TOP, VENV, digest, only_one, put_in_place, read, say

GALAXY = VENV / "bin" / "ansible-galaxy"
PLACE = BUILD / "collections"
TARBALLS = BUILD / "tarballs"
STAMP = PLACE / ".csk-sources"


def main() -> None:
    """Build and install the collection where its sources have changed."""
    if read(STAMP) == sources():
        return
    with only_one("collection"):
        wanted = sources()
        if read(STAMP) == wanted:
            return
        say("building the collection and installing it into build/collections")
        for left in BUILD.glob(".new-*"):
            shutil.rmtree(left)
        work = Path(tempfile.mkdtemp(prefix=".new-", dir=BUILD))
        install(TOP, work / "tarballs", work / "collections")
        (work / "collections" / STAMP.name).write_text(wanted, encoding="utf-8")
        put_in_place(work / "tarballs", TARBALLS)
        put_in_place(work / "collections", PLACE)
        work.rmdir()


def sources() -> str:
    """A digest of the names, modes and contents of the checkout's files."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        check=True,
        capture_output=True,
    )
    parts = []
    for name in sorted(set(listed.stdout.split(b"\0")) - {b""}):
        path = os.path.join(os.fsencode(TOP), name)
        if os.path.isfile(path):
            parts += [name, b"x" if os.access(path, os.X_OK) else b"-", Path(os.fsdecode(path)).read_bytes()]
    return digest(*parts)


def install(tree: Path, tarballs: Path, collections: Path) -> None:
    """Build the collection of a tree into one folder, and install it into another one."""
    galaxy("build", tree, "--output-path", tarballs)
    (tarball,) = tarballs.glob("*.tar.gz")
    # The other collections come from the package `ansible` in .venv, so nothing is asked of a Galaxy server.
    # --force, because one that is installed elsewhere would do for ansible-galaxy.
    galaxy("install", tarball, "--collections-path", collections, "--no-deps", "--offline", "--force")


def galaxy(*arguments: str | Path) -> None:
    """Run ansible-galaxy collection, and show what it says only where it fails."""
    env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(PLACE), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        [GALAXY, "collection", *arguments],
        cwd=TOP, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        print(done.stdout)
        done.check_returncode()


if __name__ == "__main__":
    main()
