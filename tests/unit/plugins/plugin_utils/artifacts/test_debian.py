# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slim tree that is taken from Debian packages."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import debian
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.elf import needed
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.images import Entry, Layer
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError

LIB = "usr/lib/x86_64-linux-gnu"
LOADER = "/lib64/ld-linux-x86-64.so.2"


def elf(*libraries: str, loader: str = "") -> bytes:
    """A file with the headers of a program and nothing to run."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in (*libraries, loader))
    start = 64 + 3 * 56
    dynamic = start + len(strings)
    offset, pairs = 1, b""
    for name in libraries:
        pairs += struct.pack("<QQ", 1, offset)
        offset += len(name) + 1
    pairs += struct.pack("<QQQQ", 5, 0x400000 + start, 0, 0)
    total = dynamic + len(pairs)
    headers = [(1, 0, total), (2, dynamic, len(pairs)), (3 if loader else 0, start + offset, len(loader) + 1)]
    content = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q", 64)
    content = content.ljust(54, b"\0") + struct.pack("<HH", 56, 3)
    content = content.ljust(64, b"\0")
    for kind, position, length in headers:
        content += struct.pack("<IIQQQQQQ", kind, 4, position, 0x400000 + position, 0, length, length, 0)
    return content + strings + pairs


def files() -> Layer:
    found: Layer = {
        f"usr/sbin/{name}": Entry(elf("libx.so.1", loader=LOADER))
        for name in ("xtables-nft-multi", "xtables-legacy-multi", "nft", "conntrack")
    }
    for family in ("iptables", "ip6tables"):
        for kind in ("nft", "legacy"):
            for action in ("", "-save", "-restore"):
                found[f"usr/sbin/{family}-{kind}{action}"] = Entry(link=f"xtables-{kind}-multi")
    return found | {
        f"{LIB}/libx.so.1": Entry(link="libx.so.1.2"),
        f"{LIB}/libx.so.1.2": Entry(elf("liby.so.6")),
        f"{LIB}/liby.so.6": Entry(elf()),
        f"{LIB}/libunused.so.1": Entry(elf()),
        f"{LIB}/xtables/libxt_tcp.so": Entry(elf("liby.so.6")),
        f"{LIB}/xtables/libebt_arp.so": Entry(elf()),
        f"{LIB}/ld-linux-x86-64.so.2": Entry(elf()),
        "usr/lib64/ld-linux-x86-64.so.2": Entry(link="/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        "usr/share/doc/x": Entry(b"text"),
    }


def test_needed_reads_libraries_and_loader() -> None:
    assert needed(elf("liba.so.1", "libb.so.2", loader=LOADER)) == ["liba.so.1", "libb.so.2", LOADER]
    assert needed(b"#!/bin/sh\n") == []


def test_the_tree_holds_programs_links_and_only_the_libraries_they_need() -> None:
    tree = debian.tools(files())
    assert f"{LIB}/libx.so.1.2" in tree
    assert f"{LIB}/liby.so.6" in tree
    assert f"{LIB}/ld-linux-x86-64.so.2" in tree
    assert "usr/lib64/ld-linux-x86-64.so.2" in tree
    assert f"{LIB}/xtables/libxt_tcp.so" in tree
    assert not {f"{LIB}/libunused.so.1", f"{LIB}/xtables/libebt_arp.so", "usr/share/doc/x"} & set(tree)
    for name in ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"):
        assert tree[f"usr/sbin/{name}"].link == f"/etc/alternatives/{name}"
        assert tree[f"etc/alternatives/{name}"].link == "/usr/sbin/" + name.replace("tables", "tables-nft")
        assert f"usr/sbin/{name.replace('tables', 'tables-legacy')}" in tree
    assert tree["lib64"].link == "usr/lib64"


def test_a_library_that_no_package_has_is_named() -> None:
    given = files()
    del given[f"{LIB}/liby.so.6"]
    with pytest.raises(CskError, match=r"lack liby\.so\.6"):
        debian.tools(given)


def test_certificates_become_one_file() -> None:
    folder = "usr/share/ca-certificates/mozilla"
    assert debian.certificates({f"{folder}/B.crt": Entry(b"b\n"), f"{folder}/A.crt": Entry(b"a\n")}) == b"a\nb\n"
    with pytest.raises(CskError, match="holds no certificate"):
        debian.certificates({})
