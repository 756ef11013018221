# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is made from, as digests: of a role's files, and of a release's artifacts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .errors import CskError, Problem


def tree_digest(*roots: Path) -> str:
    """SHA-256 over the relative names and contents of the files of some directories, in a fixed order.

    What a role only says about itself (its ``meta``) doesn't count.
    """
    digest = hashlib.sha256()
    for root in roots:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            name = path.relative_to(root)
            if name.parts[0] == "meta":
                continue
            digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def artifacts_digest(directory: Path) -> str:
    """The digest that a release's manifest states. Raises CskError where there is no whole set of artifacts."""
    manifest = directory / "manifest.json"
    try:
        return json.loads(manifest.read_text())["digest"]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise CskError(
            Problem(
                str(manifest),
                f"it can't be read ({err}).",
                "a node is made from a release's artifacts, and their manifest is written last.",
                f"ansible-playbook csk.kubernetes.artifacts -e csk_version={directory.name}",
            )
        ) from err


def node_stamp(release: str, artifacts: Path, role: Path) -> str:
    """The content of a node's ``/etc/csk/node-release``: one line of JSON."""
    stamp = {"release": release, "artifacts": artifacts_digest(artifacts), "node": tree_digest(role)}
    return json.dumps(stamp, sort_keys=True) + "\n"
