# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of etcd as files of the controller: a database, and beside it what is needed to restore it.

``<cluster>-<moment>.db`` is what ``etcdctl snapshot save`` wrote; ``<cluster>-<moment>.json`` says whose it is. The CAs
and the service accounts' keys are in the ledger. A snapshot holds every Secret, so only the user can read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...artifacts.manifest import sha256
from ...core.errors import CskError, Problem

FORMAT = "%Y%m%dT%H%M%SZ"
SUFFIX = ".db"
_FIX = "name the .db file of a snapshot that csk took, with its .json file beside it."
_RULE = "a snapshot is a file of etcd, and beside it one of the same name that ends in .json and says whose it is."


@dataclass(frozen=True)
class Snapshot:
    """What the file beside a snapshot says.

    :param cluster: its name, and ``cluster_id`` its id.
    :param version: the exact Kubernetes version of the API servers that wrote into it.
    :param sha256: of the database file, in hexadecimal.
    :param revision: etcd's, and ``keys`` how many keys it has.
    :param taken_at: ISO 8601, UTC.
    :param nodes: the names of csk's machines at that moment.
    :param configs: what kubeadm kept in the cluster, as YAML: ``cluster``, ``kubelet``, ``proxy``. Masters start by it,
        before their etcd can be asked; snapshots of an earlier csk have none.
    """

    cluster: str
    cluster_id: str
    version: str
    sha256: str
    revision: int
    keys: int
    taken_at: str
    nodes: list[str]
    configs: dict[str, str] = field(default_factory=dict)


def kept_problem(kept: Any) -> Problem | None:
    """What is wrong with how many snapshots stay, as a number or as text.

    The value comes from csk_snapshots_kept, or from the module's option.
    """
    text = str(kept).strip()
    if text.isdecimal() and int(text):
        return None
    fix = "write 1 or more, or leave it out."
    return Problem("csk_snapshots_kept", f"is {text}.", "the snapshot that is taken stays.", fix)


def file_name(cluster: str, moment: datetime) -> str:
    """The database file's name; names of one cluster sort by time."""
    return f"{cluster}-{moment.astimezone(UTC).strftime(FORMAT)}{SUFFIX}"


def superseded(names: Sequence[str], cluster: str, kept: int) -> list[str]:
    """Which of a folder's database files go, so that the newest ``kept`` of a cluster stay."""
    pattern = re.compile(re.escape(cluster) + r"-\d{8}T\d{6}Z" + re.escape(SUFFIX))
    mine = sorted(name for name in names if pattern.fullmatch(name))
    return mine[: max(len(mine) - kept, 0)]


def write(folder: Path, received: Path, about: Snapshot, name: str) -> Path:
    """Put a received file and what is known of it into their place, each in one step."""
    target = folder / name
    beside = target.with_suffix(".json")
    new = beside.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(about), indent=1, sort_keys=True) + "\n", "utf-8")
    new.rename(beside)
    received.rename(target)
    return target


def read(path: Path, where: str) -> Snapshot:
    """What is known of a snapshot, checked against its file.

    :param where: the variable that names it.
    :raises CskError: where one of the two files is missing, or was altered.
    """
    found = read_about(path, where)
    try:
        digest = sha256(path)
    except OSError as error:
        raise CskError(Problem(where, f"{path} can't be used: {error}.", _RULE, _FIX)) from None
    if digest != found.sha256:
        raise CskError(Problem(where, f"{path} was altered: its digest isn't {found.sha256}.", _RULE, _FIX))
    return found


def read_about(path: Path, where: str) -> Snapshot:
    """What the file beside a snapshot says; see ``read``."""
    try:
        content: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
        return Snapshot(**content)
    except (OSError, ValueError, TypeError) as error:
        raise CskError(Problem(where, f"{path} can't be used: {error}.", _RULE, _FIX)) from None


def remove_superseded(folder: Path, cluster: str, kept: int) -> list[str]:
    """Remove a cluster's oldest snapshots; their names."""
    going = superseded([path.name for path in folder.glob(f"*{SUFFIX}")], cluster, kept)
    for name in going:
        (folder / name).unlink(missing_ok=True)
        (folder / name).with_suffix(".json").unlink(missing_ok=True)
    return going
