# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file that holds the ledger's key."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..core.errors import CskError, Problem


def read(path: Path) -> str | None:
    """Return the key, or None if there is no file.

    :raises CskError: when others could read it too, or it can't be read.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise CskError(
                Problem(
                    str(path),
                    f"others may read or write the ledger's key (mode {mode:04o}).",
                    "a key belongs to its owner alone.",
                    f"chmod 0600 {path}; if others may have read it, count the secrets as known to them.",
                )
            )
        return path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CskError(
            Problem(
                str(path),
                f"the ledger's key can't be read: {error.strerror}.",
                "secrets are kept encrypted by the key in this file, or in CSK_LEDGER_KEY.",
                "run as the owner of csk_home, or set CSK_LEDGER_KEY.",
            )
        ) from None


def create(path: Path) -> str:
    """Make the file with a new key, whole or not at all, and return the key."""
    from cryptography.fernet import Fernet

    key = Fernet.generate_key()
    # A killed run leaves no half of a key: it gets its name when it is whole.
    temporary = path.with_name(f".key.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    return key.decode()
