# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of etcd as files of the controller: a database, and beside it what is needed to restore it.

``<cluster>-<moment>.db`` is what ``etcdctl snapshot save`` wrote, sealed by the ledger's key unless told otherwise;
``<cluster>-<moment>.json`` says whose it is. The CAs and the service accounts' keys are in the ledger. A snapshot holds
every Secret, so only the user can read it, and what isn't sealed lies nowhere but in csk_home, for a moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ...artifacts.manifest import sha256
from ...context.session import Session
from ...core.errors import CskError, Problem
from ...ledger.sealing import is_sealed
from ...rules.snapshots import Taken, superseded

FORMAT = "%Y%m%dT%H%M%SZ"
SUFFIX = ".db"
_FIX = "name the .db file of a snapshot that csk took, with its .json file beside it."
_RULE = "a snapshot is a file of etcd, and beside it one of the same name that ends in .json and says whose it is."


@dataclass(frozen=True)
class Snapshot:
    """What the file beside a snapshot says.

    :param cluster: its name, and ``cluster_id`` its id.
    :param version: the exact Kubernetes version of the API servers that wrote into it.
    :param sha256: of the file as it lies here, in hexadecimal.
    :param revision: etcd's, and ``keys`` how many keys it has.
    :param taken_at: ISO 8601, UTC.
    :param nodes: the names of csk's machines at that moment.
    :param label: what whoever took it called it.
    :param upgrade_to: the version of the upgrade that it was taken before.
    :param well: whether no machine of the cluster was being changed.
    :param encrypted: whether it is sealed by the ledger's key; for people, for the file itself says it.
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
    label: str = ""
    upgrade_to: str = ""
    well: bool = True
    encrypted: bool = False
    configs: dict[str, str] = field(default_factory=dict)


def file_name(cluster: str, moment: datetime) -> str:
    """The database file's name; names of one cluster sort by time."""
    return f"{cluster}-{moment.astimezone(UTC).strftime(FORMAT)}{SUFFIX}"


@contextmanager
def workplace(session: Session, cluster: str) -> Iterator[Path]:
    """A folder in csk_home for a snapshot that isn't sealed; what a killed run left there goes first."""
    place = session.folder(cluster)
    for old in place.glob(".snapshot-*"):
        if session.run.id not in old.name:
            shutil.rmtree(old)
    folder = place / f".snapshot-{session.run.id}-{os.getpid()}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def write(session: Session, folder: Path, received: Path, about: Snapshot, name: str) -> Path:
    """Put a received file, sealed where ``about`` says so, and what is known of it into their place.

    :raises CskError: where what lies there isn't what was received; then nothing of it stays.
    """
    target, beside = folder / name, (folder / name).with_suffix(".json")
    new = [folder / f".{name}.new", folder / f".{beside.name}.new"]
    digest = sha256(received)
    try:
        with received.open("rb") as source, _private(new[0]) as file:
            if about.encrypted:
                session.ledger.seal(source, file)
            else:
                shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        if opens_to(session, new[0], "csk_snapshot_dir") != digest:
            what, fix = f"the snapshot in {folder} isn't what was written.", "see to the disk, then try again."
            raise CskError(Problem("csk_snapshot_dir", what, _RULE, fix))
        content = asdict(about) | {"sha256": sha256(new[0])}
        with _private(new[1]) as file:
            file.write((json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
        new[1].rename(beside)
        new[0].rename(target)
    finally:
        for path in new:
            path.unlink(missing_ok=True)
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


def unsealed(session: Session, path: Path, target: Path, where: str) -> None:
    """Write what etcd wrote, for the user alone; a file that isn't sealed is copied.

    :raises CskError: where the ledger's key doesn't open it.
    """
    with _private(target) as file:
        _open(session, path, file, where)


def opens_to(session: Session, path: Path, where: str) -> str:
    """The SHA-256 of what etcd wrote, which is written nowhere.

    :raises CskError: where the ledger's key doesn't open it.
    """
    digest = hashlib.sha256()
    _open(session, path, SimpleNamespace(write=digest.update), where)
    return digest.hexdigest()


def _open(session: Session, path: Path, target: Any, where: str) -> None:
    with path.open("rb") as source:
        if is_sealed(source):
            session.ledger.unseal(source, target, where)
        else:
            shutil.copyfileobj(source, target)


def read_about(path: Path, where: str) -> Snapshot:
    """What the file beside a snapshot says; see ``read``."""
    try:
        return _beside(path)
    except (OSError, ValueError, TypeError) as error:
        raise CskError(Problem(where, f"{path} can't be used: {error}.", _RULE, _FIX)) from None


def remove_superseded(folder: Path, cluster: str, cluster_id: str, kept: int) -> list[str]:
    """Remove those of a cluster's snapshots that others supersede; their names.

    What isn't a whole snapshot of this very cluster neither counts nor goes.
    """
    pattern = re.compile(re.escape(cluster) + r"-\d{8}T\d{6}Z" + re.escape(SUFFIX))
    taken = []
    for path in folder.glob(f"*{SUFFIX}"):
        if pattern.fullmatch(path.name):
            try:
                about = _beside(path)
            except (OSError, ValueError, TypeError):
                continue
            if about.cluster_id == cluster_id:
                attempt = f"{about.version} {about.upgrade_to}" if about.upgrade_to else ""
                taken.append(Taken(path.name, about.label, attempt, about.well))
    going = superseded(taken, kept)
    for name in going:
        (folder / name).unlink(missing_ok=True)
        (folder / name).with_suffix(".json").unlink(missing_ok=True)
    return going


def _beside(path: Path) -> Snapshot:
    content: dict[str, Any] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return Snapshot(**content)


def _private(path: Path) -> Any:
    """A file that only the user can read, opened to be written anew."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
