# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files sealed by the ledger's key: what comes back, what is refused, and how much memory it takes."""

from __future__ import annotations

import io
import os
import tracemalloc
from itertools import count

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, sealing
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger.sealing import CHUNK, SealedError, seal, unseal

KEY = bytes(range(32))
HEADER, PIECE = len(sealing.MAGIC) + 48, CHUNK + 16


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    seal(key, io.BytesIO(content), target)
    return target.getvalue()


def opened(content: bytes, key: bytes = KEY) -> bytes:
    target = io.BytesIO()
    unseal(key, io.BytesIO(content), target)
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_any_size_comes_back(size):
    content = os.urandom(size)
    there = sealed(content)
    assert opened(there) == content
    assert sealed(content) != there  # each file has a key of its own
    assert len(there) == HEADER + size + 16 * max(-(-size // CHUNK), 1)
    assert sealing.is_sealed(io.BytesIO(there))


CONTENT = os.urandom(2 * CHUNK + 100)
WHOLE = sealed(CONTENT)
FIRST, SECOND, LAST = WHOLE[HEADER:][:PIECE], WHOLE[HEADER + PIECE :][:PIECE], WHOLE[HEADER + 2 * PIECE :]


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "isn't a sealed file"),
        (b"SQLite format 3", "isn't a sealed file"),
        (WHOLE[: HEADER - 1], "isn't a sealed file"),
        (flipped(WHOLE, 0), "isn't a sealed file"),
        (flipped(WHOLE, len(sealing.MAGIC)), "another ledger's key"),  # the salt
        (flipped(WHOLE, HEADER - 1), "another ledger's key"),
        (WHOLE[:HEADER], "was changed, or its end is missing"),
        (flipped(WHOLE, HEADER), "was changed"),
        (flipped(WHOLE, HEADER + PIECE + 5), "was changed"),
        (flipped(WHOLE, -1), "was changed"),
        (WHOLE[:-1], "its end is missing"),
        (WHOLE[:HEADER] + FIRST, "its end is missing"),
        (WHOLE[:HEADER] + FIRST + SECOND, "its end is missing"),
        (WHOLE[:HEADER] + FIRST + LAST, "was changed"),
        (WHOLE[:HEADER] + SECOND + FIRST + LAST, "was changed"),
        (WHOLE[:HEADER] + LAST, "was changed"),
        (WHOLE + b"x", "was changed"),
        (WHOLE + LAST, "was changed"),
        (sealed(CONTENT)[:HEADER] + FIRST + SECOND + LAST, "was changed"),  # another file's start
    ],
    ids=map(str, count()),  # what is sealed is different each time
)
def test_what_was_changed_is_refused(data, why):
    with pytest.raises(SealedError, match=why):
        opened(data)


def test_another_key():
    with pytest.raises(SealedError, match="another ledger's key"):
        opened(WHOLE, bytes(32))


class Zeros:
    """A file of so many zero bytes, which nobody has in memory; what is written to it is counted."""

    def __init__(self, size=0):
        self.left, self.written = size, 0

    def read(self, size):
        """As a file has it."""
        given = min(size, self.left)
        self.left -= given
        return bytes(given)

    def write(self, data):
        """As a file has it."""
        self.written += len(data)


def test_a_large_file_takes_little_memory():
    tracemalloc.start()
    target = Zeros()
    seal(KEY, Zeros(64 * CHUNK), target)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert target.written == HEADER + 64 * PIECE
    assert most < 8 * CHUNK


def test_by_a_ledger(ledger, home, url, reopen, monkeypatch):
    target, back = io.BytesIO(), io.BytesIO()
    ledger.seal(io.BytesIO(b"content"), target)
    reopen().unseal(io.BytesIO(target.getvalue()), back, "csk_snapshot")
    assert back.getvalue() == b"content"
    assert b"content" not in target.getvalue()
    with pytest.raises(CskError, match="csk_snapshot: can't be opened: it was changed"):
        ledger.unseal(io.BytesIO(flipped(target.getvalue(), -1)), io.BytesIO(), "csk_snapshot")
    (home / "key").rename(home / "elsewhere")
    with pytest.raises(CskError, match="is missing"):
        ledger.seal(io.BytesIO(b"content"), io.BytesIO())
    monkeypatch.setenv("CSK_LEDGER_KEY", (home / "elsewhere").read_text())
    back = io.BytesIO()
    Ledger.open(str(home), url).unseal(io.BytesIO(target.getvalue()), back, "csk_snapshot")
    assert back.getvalue() == b"content"
