# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading from a program which libraries it is linked with (64 bits, little endian)."""

from __future__ import annotations

import struct

_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRING_TABLE = 1, 5


def needed(content: bytes) -> list[str]:
    """The names of the libraries that an ELF file needs, and its loader's path; nothing for another file."""
    if content[:6] != b"\x7fELF\x02\x01":
        return []
    start, size, count = struct.unpack_from("<32xQ14xHH", content)
    headers = [struct.unpack_from("<IIQQQQ", content, start + index * size) for index in range(count)]
    loads = [(address, offset, length) for kind, _f, offset, address, _p, length in headers if kind == _LOAD]
    names = []
    for kind, _flags, offset, _address, _physical, length in headers:
        if kind == _INTERPRETER:
            names.append(_string(content, offset))
        if kind == _DYNAMIC:
            pairs = list(struct.iter_unpack("<QQ", content[offset : offset + length - length % 16]))
            table = _position(dict(pairs).get(_STRING_TABLE, 0), loads)
            names += [_string(content, table + value) for tag, value in pairs if tag == _NEEDED]
    return names


def _position(address: int, loads: list[tuple[int, int, int]]) -> int:
    """Where in the file lies what is loaded at an address."""
    return next((address - base + offset for base, offset, length in loads if base <= address < base + length), 0)


def _string(content: bytes, start: int) -> str:
    return content[start : content.index(b"\0", start)].decode()
