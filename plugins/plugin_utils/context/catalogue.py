# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release files, of which the version catalogue is made."""

from __future__ import annotations

from pathlib import Path

from ..artifacts import release
from ..core.errors import CskError, Problem
from ..rules.versions import Minor, parse

RELEASES = Path(__file__).parents[3] / "releases"  # what csk ships


def load(folder: Path) -> dict[str, Minor]:
    """Read the catalogue from a folder of release files.

    :raises CskError: for a folder without release files, or a file that isn't one.
    """
    import yaml

    if not any(folder.glob("*.yml")):
        what, rule = f"{folder} has no release files.", "a catalogue is a folder of release files, one for each minor."
        raise CskError(Problem("csk_catalogue", what, rule, "name such a folder, or leave it out for csk's own."))
    return parse({path.name: yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yml"))})


def load_release(version: str, folder: Path = RELEASES) -> release.Release:
    """The release that a user's word means: an exact version, or a minor for its newest patch.

    :raises CskError: for a version that isn't in the release files.
    """
    return release.of(version, load(folder))
