# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building components from pinned Go modules, and pause from C. The same bytes in any folder, with any cache."""

from __future__ import annotations

import ctypes
import hashlib
import json
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import asdict
from pathlib import Path

from ..errors import CskError, Problem
from . import manifest
from .golang import Caches, Go, environment
from .recipes import RECIPES, Recipe
from .release import Component

FILES = Path(__file__).parents[3] / "roles" / "artifacts" / "files"
_PR_SET_PDEATHSIG = 1


def module_folder(component: Component) -> Path:
    """The committed go.mod and go.sum of a component."""
    return FILES / "modules" / component.name / component.version


def inputs(component: Component) -> str:
    """A digest of what decides how a component is built: its recipe and its pinned modules, or its source."""
    sources = [FILES / "pause.c"]
    if RECIPES[component.name].packages:
        sources = [module_folder(component) / name for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(json.dumps(asdict(RECIPES[component.name]), sort_keys=True).encode())
    for source in sources:
        digest.update(source.read_bytes() if source.is_file() else b"")
    return digest.hexdigest()


def problems(components: list[Component]) -> list[Problem]:
    """What this machine lacks for building these components; nothing where all is there."""
    found = []
    for component in components:
        if RECIPES[component.name].packages and not (module_folder(component) / "go.sum").is_file():
            found.append(
                Problem(
                    "artifacts_source",
                    f"modules can't build {component.name} {component.version}: no go.mod and go.sum for it.",
                    "each component is pinned by roles/artifacts/files/modules/<component>/<version>.",
                    "use another release or source, or make these files with `go get -tool` and commit them.",
                )
            )
    if any(RECIPES[component.name].cgo or not RECIPES[component.name].packages for component in components):
        missing = _missing_packages(any(component.name == "runc" for component in components))
        if missing:
            found.append(
                Problem(
                    "artifacts_source",
                    f"modules needs what the packages {' '.join(missing)} bring, and this machine lacks it.",
                    "runc, flannel and pause are built with a C compiler, runc with libseccomp.",
                    f"apt-get install {' '.join(missing)}",
                )
            )
    return found


def build(component: Component, go: Go, caches: Caches, target: Path) -> None:
    """Build one component into a folder.

    :raises CskError: with the end of the compiler's output.
    """
    recipe = RECIPES[component.name]
    if not recipe.packages:
        program = target / "programs" / "pause"
        program.parent.mkdir()
        command = ["gcc", "-static", "-Os", "-s", "-Wl,--build-id=none", "-o", str(program), "pause.c"]
        _run(command, FILES, environment(caches, cgo=True), component)
        return
    out = target / "out"
    out.mkdir()
    command = [str(go.path), "build", "-trimpath", "-buildvcs=false", "-ldflags", _linker_flags(recipe, component)]
    command += ["-tags", recipe.tags] if recipe.tags else []
    command += ["-o", f"{out}/", *recipe.packages]
    _run(command, module_folder(component), environment(caches, recipe.cgo), component)
    for package, path in recipe.packages.items():
        (target / path).parent.mkdir(exist_ok=True)
        (out / _program(package)).rename(target / path)
    out.rmdir()


def record(component: Component, go: Go, folder: Path) -> dict[str, object]:
    """What is kept beside a component: how it was made, and the digest of every file."""
    made_by = {"go": go.version} if RECIPES[component.name].packages else {}
    return {
        "component": component.name,
        "version": component.version,
        "inputs": inputs(component),
        "built_with": made_by,
        "files": manifest.tree(folder),
    }


def _linker_flags(recipe: Recipe, component: Component) -> str:
    flags = ["-s", "-w", "-buildid="]
    if recipe.cgo:
        flags.append("-extldflags '-static'")
    minor = component.version.split(".")[1]
    for name, value in recipe.stamps.items():
        flags.append(f"-X {name}={value.format(version=component.version, minor=minor)}")
    return " ".join(flags)


def _program(package: str) -> str:
    """The name that go build gives a package's program: its last element that isn't a major version."""
    elements = package.split("/")
    return elements[-2] if re.fullmatch(r"v\d+", elements[-1]) else elements[-1]


def _missing_packages(seccomp: bool) -> list[str]:
    if not shutil.which("gcc"):
        return ["gcc", "libc6-dev", *(["libseccomp-dev"] if seccomp else []), "pkg-config"]
    libraries = {"libc6-dev": "-lc"} | ({"libseccomp-dev": "-lseccomp"} if seccomp else {})
    missing = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "main.c"
        source.write_text("int main(void) { return 0; }\n")
        for package, library in libraries.items():
            command = ["gcc", "-static", str(source), library, "-o", f"{folder}/main"]
            if subprocess.run(command, capture_output=True, check=False).returncode:
                missing.append(package)
    return missing + ([] if not seccomp or shutil.which("pkg-config") else ["pkg-config"])


def _die_with_parent() -> None:
    """A build must not go on when the run that started it was killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(command: list[str], folder: Path, env: dict[str, str], component: Component) -> None:
    run = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, preexec_fn=_die_with_parent
    )
    if run.returncode:
        end = "\n".join(run.stderr.strip().splitlines()[-20:])
        raise CskError(
            Problem(
                "artifacts_source",
                f"{component.name} {component.version} can't be built:\n{end}\n",
                "modules builds with the Go client's own configuration (go env).",
                "put right what the message says, then run again: what is finished is kept.",
            )
        )
