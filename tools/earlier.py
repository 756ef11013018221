#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build and install the collection as it was at a commit, beside today's; prints its collections path.

The bench measures against it, and a suite of the soak goes on with what it made.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from build_collection import install
from common import BUILD, TOP, only_one, put_in_place


def main() -> None:
    """Make it where it isn't there yet."""
    (commit,) = sys.argv[1:]
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"],
        cwd=TOP, check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"csk: this repository has no commit {commit}.\nDo: git fetch --unshallow, or name another one.")
    place = BUILD / "earlier" / done.stdout.strip()
    with only_one("earlier"):
        if not place.exists():
            make(done.stdout.strip(), place)
    print(place)


def make(commit: str, place: Path) -> None:
    """Build the commit's tree, and install what comes out."""
    BUILD.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".earlier-", dir=BUILD))
    tree = work / "tree"
    tree.mkdir()
    with subprocess.Popen(["git", "archive", commit], cwd=TOP, stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "-C", tree], stdin=archive.stdout, check=True)
    if archive.returncode:
        sys.exit(f"csk: git archive {commit} ended with {archive.returncode}.")
    install(tree, work / "tarballs", work / "collections")
    put_in_place(work / "collections", place)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
