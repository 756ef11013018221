# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What images take from Debian packages: a slim tree with iptables, nft and conntrack, and certificate authorities.

Packages come by apt-get with the machine's own configuration; nothing is installed. Of each package only the files
that are needed are taken: the programs, the libraries that they are linked with, and the extensions of xtables.
"""

from __future__ import annotations

import io
import posixpath
import re
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from ..core.errors import CskError, Problem
from .elf import needed
from .images import Entry, Layer

REVISION = 2  # to be raised when other files are taken, so that what was made before is made anew
TOOLS = ("iptables", "nftables", "conntrack", "netbase")
CERTIFICATES = ("ca-certificates",)
_PROGRAMS = ("usr/sbin/xtables-nft-multi", "usr/sbin/xtables-legacy-multi", "usr/sbin/nft", "usr/sbin/conntrack")
_EXTENSION = re.compile(r"usr/lib/[^/]+/xtables/lib(xt|ipt|ip6t)_\w+\.so")
_COMMAND = re.compile(r"usr/sbin/ip6?tables(-nft|-legacy)(-save|-restore)?")
_DATA = ("etc/protocols", "etc/services")
_AUTHORITY = re.compile(r"usr/share/ca-certificates/.+\.crt")


def codename() -> str:
    """The name of the distribution's release, which is the version of what is taken from it."""
    try:
        lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    except OSError:
        return "unknown"
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "unknown").strip('"')


def fetch(names: Iterable[str], folder: Path) -> dict[str, str]:
    """Download packages and the libraries that they depend on.

    :returns: package -> version.
    :raises CskError: where apt-get can't.
    """
    versions: dict[str, str] = {}
    wanted = sorted(names)
    while wanted:
        _apt(["apt-get", "download", "-qq", *wanted], folder)
        depends: set[str] = set()
        for path in sorted(folder.glob("*.deb")):
            fields = _output(["dpkg-deb", "-f", str(path), "Package", "Version", "Depends"]).decode().splitlines()
            values = dict(field.split(": ", 1) for field in fields if ": " in field)
            versions[values["Package"]] = values["Version"]
            depends |= {name.split()[0].split(":")[0] for name in values.get("Depends", "").split(", ") if name}
        wanted = sorted(name for name in depends if name.startswith("lib") and name not in versions)
    return dict(sorted(versions.items()))


def contents(folder: Path) -> Layer:
    """All files of the packages in a folder, with / merged into /usr as Debian installs them."""
    found: Layer = {}
    for path in sorted(folder.glob("*.deb")):
        with tarfile.open(fileobj=io.BytesIO(_output(["dpkg-deb", "--fsys-tarfile", str(path)]))) as archive:
            for member in archive:
                name = _merged(posixpath.normpath(member.name))
                if member.issym():
                    found[name] = Entry(link=member.linkname)
                elif file := archive.extractfile(member) if member.isfile() else None:
                    found[name] = Entry(file.read(), mode=member.mode)
    return found


def tools(files: Layer) -> Layer:
    """The slim tree: both kinds of iptables, with the links that Debian's alternatives make, nft and conntrack.

    :param files: what ``contents`` returns.
    :raises CskError: for a library that no package has.
    """
    chosen = {name: files[name] for name in (*_PROGRAMS, *_DATA) if name in files}
    chosen |= {name: entry for name, entry in files.items() if _EXTENSION.fullmatch(name) or _COMMAND.fullmatch(name)}
    for command in [name for name in chosen if name.endswith(("tables-nft", "-nft-save", "-nft-restore"))]:
        plain = posixpath.basename(command).replace("-nft", "")
        chosen[f"etc/alternatives/{plain}"] = Entry(link=f"/{command}")
        chosen[f"usr/sbin/{plain}"] = Entry(link=f"/etc/alternatives/{plain}")
    missing = _add_libraries(chosen, files) + [name for name in _PROGRAMS if name not in chosen]
    if missing:
        raise _problem(f"the packages {', '.join(TOOLS)} lack {', '.join(missing)}.")
    for folder in ("bin", "lib", "lib64", "sbin"):
        chosen[folder] = Entry(link=f"usr/{folder}")
    chosen["run"] = Entry()  # iptables-legacy keeps its lock there
    return chosen


def certificates(files: Layer) -> bytes:
    """One file with all certificate authorities."""
    found = [entry.source for name, entry in sorted(files.items()) if _AUTHORITY.fullmatch(name)]
    if not found:
        raise _problem("the package ca-certificates holds no certificate.")
    return b"".join(content for content in found if isinstance(content, bytes))


def _add_libraries(chosen: Layer, files: Layer) -> list[str]:
    """Add the libraries that programs and libraries are linked with; returns those that aren't there."""
    by_name = {posixpath.basename(name): name for name in files if ".so" in name and name.startswith("usr/lib")}
    missing = []
    queue = [name for name, entry in chosen.items() if isinstance(entry.source, bytes)]
    while queue:
        source = files[queue.pop()].source
        for library in needed(source if isinstance(source, bytes) else b""):
            name = _merged(library.lstrip("/")) if "/" in library else by_name.get(library, library)
            while name in files and name not in chosen:
                chosen[name] = files[name]
                queue.append(name)
                if files[name].link:
                    name = _target(name, files[name].link)
            if name not in files:
                missing.append(library)
    return missing


def _target(name: str, link: str) -> str:
    """What a link in a tree points to."""
    return _merged(posixpath.normpath(posixpath.join("/", posixpath.dirname(name), link)).lstrip("/"))


def _merged(name: str) -> str:
    return f"usr/{name}" if name.split("/", maxsplit=1)[0] in ("bin", "lib", "lib64", "sbin") else name


def _apt(command: list[str], folder: Path) -> None:
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise _problem("this machine has no apt-get.") from error
    if run.returncode:
        lines = run.stderr.strip().splitlines()
        raise _problem(f"apt-get download failed: {lines[-1] if lines else 'no message'}.")


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=True).stdout


def _problem(what: str) -> CskError:
    return CskError(
        Problem(
            "artifacts_source",
            what,
            "modules takes iptables, nft and conntrack for the images of kube-proxy and flannel from Debian packages.",
            "run apt-get update; where the machine isn't Debian or Ubuntu, use the source upstream or bundle.",
        )
    )
