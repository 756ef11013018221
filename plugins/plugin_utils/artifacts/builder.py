# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building components from pinned Go modules, and pause from C. The same bytes in any folder, with any cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from ..core.errors import CskError, Problem
from ..core.process import die_with_parent
from . import manifest
from .golang import Caches, Go, environment
from .recipes import RECIPES, Recipe
from .release import Component

FILES = Path(__file__).parents[3] / "roles" / "artifacts" / "files"


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


@dataclass(frozen=True)
class Build:
    """A build that is running, in a folder of its own; its compiler's messages go into a file beside it."""

    component: Component
    folder: Path
    process: subprocess.Popen[bytes]
    messages: Path
    begun: float


def start(component: Component, go: Go | None, caches: Caches, folder: Path, messages: Path) -> Build:
    """Begin to build one component.

    :param go: None for pause, which needs none.
    :param folder: an empty folder.
    """
    recipe = RECIPES[component.name]
    where = FILES
    if recipe.packages and go:
        where = module_folder(component)
        command = [str(go.path), "build", "-trimpath", "-buildvcs=false", "-ldflags", _linker_flags(recipe, component)]
        command += ["-tags", recipe.tags] if recipe.tags else []
        command += ["-o", f"{folder}/", *recipe.packages]
    else:
        command = ["gcc", "-static", "-Os", "-s", "-Wl,--build-id=none", "-o", f"{folder}/pause", "pause.c"]
    env = environment(caches, recipe.cgo)
    with messages.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=where,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - no other thread runs when a build is started
        )
    return Build(component, folder, process, messages, time.monotonic())


def finish(build: Build) -> None:
    """Wait for a build, and put its programs where the recipe says.

    :raises CskError: with the end of the compiler's messages.
    """
    if build.process.wait():
        lines = build.messages.read_text("utf-8", errors="replace").strip().splitlines()
        end = "\n".join(lines[-20:])
        raise CskError(
            Problem(
                "artifacts_source",
                f"{build.component.name} {build.component.version} can't be built:\n{end}\n",
                "modules builds with the Go client's own configuration (go env).",
                "put right what the message says, then run again: what is finished is kept.",
            )
        )
    for made, path in _programs(RECIPES[build.component.name]).items():
        target = build.folder / path
        target.parent.mkdir(exist_ok=True)
        (build.folder / made).rename(target)


def record(component: Component, go: Go | None, folder: Path) -> dict[str, object]:
    """What is kept beside a component: how it was made, and the digest of every file."""
    made_by = {"go": go.version} if go and RECIPES[component.name].packages else {}
    return {"inputs": inputs(component), "built_with": made_by, "files": manifest.tree(folder)}


def _linker_flags(recipe: Recipe, component: Component) -> str:
    flags = ["-s", "-w", "-buildid="]
    if recipe.cgo:
        flags.append("-extldflags '-static'")
    minor = component.version.split(".")[1]
    for name, value in recipe.stamps.items():
        flags.append(f"-X {name}={value.format(version=component.version, minor=minor)}")
    return " ".join(flags)


def _programs(recipe: Recipe) -> dict[str, str]:
    """The name that the compiler gives each program -> its path in the component's folder.

    go build names a program by the last element of its package that isn't a major version.
    """
    if not recipe.packages:
        return {"pause": "programs/pause"}
    return {re.sub(r"/v\d+$", "", package).rpartition("/")[2]: path for package, path in recipe.packages.items()}


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
