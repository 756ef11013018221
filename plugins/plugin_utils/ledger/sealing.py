# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files encrypted by the ledger's key, of any size, in little memory.

A file starts with what it is, with a salt, and with a mark of the key. Its own key is made of the ledger's and the salt
(HKDF-SHA256). Chunks of 1 MiB follow, each encrypted by AES-256-GCM with its number and whether it is the last as nonce
(the construction STREAM), so that none can be changed, left out, moved or cut off.
"""

from __future__ import annotations

import base64
import os
from typing import BinaryIO

from ..core.errors import CskError, Problem
from .secret_store import KEY_VARIABLE, SecretStore

MAGIC = b"csk sealed file 1\n"
CHUNK = 1 << 20
_SALT, _MARK, _TAG = 32, 16, 16
_RULE = "a sealed file is opened by the key of the ledger that sealed it, and only where nothing of it was changed."


class SealedError(Exception):
    """A file that can't be opened; the message says why."""


class Sealing(SecretStore):
    """Sealing files, and opening them."""

    def seal(self, source: BinaryIO, target: BinaryIO) -> None:
        """Write what is left of a file, encrypted by the ledger's key.

        :raises CskError: when the key is missing or wrong.
        """
        seal(self._raw_key(), source, target)

    def unseal(self, source: BinaryIO, target: BinaryIO, where: str) -> None:
        """Write the content of a sealed file; it counts only once this has returned.

        :param where: the variable that names the file.
        :raises CskError: when the key is missing or wrong, or the file was changed.
        """
        try:
            unseal(self._raw_key(), source, target)
        except SealedError as error:
            fix = (
                f"use a file that wasn't changed, with the ledger in which its cluster was then, and that ledger's key "
                f"({KEY_VARIABLE}, or the file {self._home / 'key'})."
            )
            raise CskError(Problem(where, f"can't be opened: {error}.", _RULE, fix)) from None

    def _raw_key(self) -> bytes:
        with self._write() as connection:
            return base64.urlsafe_b64decode(self._keyed(connection)[0])


def is_sealed(source: BinaryIO) -> bool:
    """Whether a file that is at its start is a sealed one; it is at its start again then."""
    found = source.read(len(MAGIC)) == MAGIC
    source.seek(0)
    return found


def seal(key: bytes, source: BinaryIO, target: BinaryIO) -> None:
    """Encrypt what is left of a file by a key of 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt = os.urandom(_SALT)
    own, mark = _keys(key, salt)
    header = MAGIC + salt + mark
    target.write(header)
    cipher, number, chunk = AESGCM(own), 0, source.read(CHUNK)
    while True:
        following = source.read(CHUNK) if len(chunk) == CHUNK else b""
        target.write(cipher.encrypt(_nonce(number, last=not following), chunk, header))
        if not following:
            return
        number, chunk = number + 1, following


def unseal(key: bytes, source: BinaryIO, target: BinaryIO) -> None:
    """Decrypt a sealed file.

    :raises SealedError: where it isn't one, was sealed by another key, or was changed or cut off.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = source.read(len(MAGIC) + _SALT + _MARK)
    salt = header[len(MAGIC) : len(MAGIC) + _SALT]
    if not header.startswith(MAGIC) or len(header) < len(MAGIC) + _SALT + _MARK:
        raise SealedError("it isn't a sealed file")
    own, mark = _keys(key, salt)
    if mark != header[-_MARK:]:
        raise SealedError("it was sealed by another ledger's key, or its first bytes were changed")
    cipher, number, chunk = AESGCM(own), 0, source.read(CHUNK + _TAG)
    while True:
        following = source.read(CHUNK + _TAG) if len(chunk) == CHUNK + _TAG else b""
        try:
            target.write(cipher.decrypt(_nonce(number, last=not following), chunk, header))
        except InvalidTag:
            raise SealedError("it was changed, or its end is missing") from None
        if not following:
            return
        number, chunk = number + 1, following


def _keys(key: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """A file's own key, and what shows by which ledger's key it was made."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    made = HKDF(algorithm=SHA256(), length=32 + _MARK, salt=salt, info=MAGIC).derive(key)
    return made[:32], made[32:]


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
