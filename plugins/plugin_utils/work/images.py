# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_load_image: which images an archive holds, and bringing them into a node's container runtime."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from ..artifacts import archive
from ..context import loaded
from ..core.errors import CskError, Problem
from .programs import ProgramFailedError, run_program
from .steps import Task

# A node's data directory, which is a disk everywhere; /tmp and /run of a machine are memory that its pods lack then.
FOLDER = "/var/lib/containerd"
# Runs on the node. What ctr calls the images is of no use: it makes names of its own from what isn't a whole name, and
# pods look for docker.io/library/shop:1. The runtime lists each image by its ID too, and by that it gets its names.
_PROGRAM = r"""
import base64, bz2, json, lzma, os, platform, shutil, subprocess, sys, time
asked = json.loads(base64.b64decode(PAYLOAD))
os.environ["PATH"] = "/usr/local/bin:" + os.environ.get("PATH", "")
CTR = ["ctr", "--namespace", "k8s.io", "images"]
def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if done.returncode:
        lines = [l for l in done.stderr.splitlines() if "level=warning" not in l] or [done.stdout[-500:]]
        raise SystemExit(" ".join(command[:6]) + ": " + " ".join(lines[-3:]))
    return done.stdout
def there():
    images = json.loads(run("crictl", "images", "--output", "json"))["images"]
    return {tag: image for image in images for tag in image["repoTags"] or []}
def lacking():
    found = there()
    wanted = [(name, image["ids"]) for image in asked["images"] for name in image["names"]]
    return [name for name, ids in wanted if found.get(name, {}).get("id") not in ids]
def keep():
    # the kubelet's collection of images leaves them alone, and so does an upgrade, which looks for the second label
    found = there()
    for name in [name for image in asked["images"] for name in image["names"]]:
        if name in found and not found[name].get("pinned"):
            run(*CTR, "label", name, "io.cri-containerd.pinned=pinned", "csk.dev/loaded=yes")
def names():
    return set(run(*CTR, "list", "--quiet").split())
def settled(done):
    for _round in range(100):
        if done():
            return True
        time.sleep(0.1)
    return False
def feed():
    opened = {"xz": lzma, "bzip2": bz2}[asked["compression"]].open(asked["path"])
    with opened, subprocess.Popen([*CTR, "import", "--digests", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE) as importing:
        try:
            shutil.copyfileobj(opened, importing.stdin, 1 << 20)
        except BrokenPipeError:
            pass
        importing.stdin.close()
        said = importing.stderr.read().decode()
    if importing.returncode:
        raise SystemExit("ctr images import: " + said[-300:])
def load():
    before = names()
    try:
        if asked["compression"] in ("xz", "bzip2"):
            feed()
        else:
            run(*CTR, "import", "--digests", asked["path"])
    finally:
        os.unlink(asked["path"])
    for image in asked["images"]:
        settled(lambda: set(image["ids"]) & names())
        known = sorted(set(image["ids"]) & names())
        for name in image["names"] if known else []:
            run(*CTR, "tag", "--force", known[0], name)
    wanted = {name for image in asked["images"] for name in image["names"]}
    left = [name for name in names() - before - wanted if not name.startswith("sha256:")]
    if left:
        run(*CTR, "remove", *left)
    settled(lambda: not lacking())
if asked["load"]:
    load()
if asked["keep"]:
    keep()
print("CSK" + json.dumps({"lacking": lacking(), "machine": platform.machine()}))
"""
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def bring(task: Task) -> dict[str, Any]:
    """Read an archive, or bring its images into a node's container runtime where they are missing."""
    values = task.values
    if values["state"] == "forgotten":
        return _forget(task)
    if not values["archive"]:
        rule = "images come from an archive."
        raise CskError(Problem("csk_load_image.archive", "is missing.", rule, "name a file on the controller."))
    path = Path(values["archive"]).expanduser().absolute()
    if values["state"] == "read":
        images = archive.read(path, values["name"])
        return {
            "changed": False,
            "archive": str(path),
            "images": [{"names": i.names, "configs": i.configs} for i in images],
        }
    images = values["images"]
    if values["state"] == "kept":
        folder = task.session.folder(task.session.cluster(values["cluster"]).name)
        what = loaded.Loaded(images, values["nodes"])
        return {"changed": not task.check and loaded.keep(folder, path, what)}
    first = _ask(task, {"load": False, "keep": not task.check}, images)
    lacking = first["lacking"]
    if lacking and not task.check:
        _refuse_foreign(images, lacking, first["machine"])
        with path.open("rb") as file:
            kind = archive.compression(file.read(6))
        target = f"{FOLDER}/csk-image-{uuid.uuid4().hex}.tar"
        # What a killed run left goes.
        task.remote.run(f"find {FOLDER} -maxdepth 1 -name 'csk-image-*' -mmin +720 -delete")
        try:
            task.remote.put(str(path), target)
        except Exception:
            task.remote.run(f"rm -f {target}")
            raise
        left = _ask(task, {"load": True, "keep": True, "path": target, "compression": kind}, images)["lacking"]
        if left:
            rule = "what was loaded is there by its name."
            what = f"{', '.join(left)}: not there after the import."
            raise CskError(Problem("csk_image", what, rule, "look at the journal of containerd on the node."))
    return {"changed": bool(lacking), "loaded": lacking}


def _forget(task: Task) -> dict[str, Any]:
    """Keep an image no longer for machines that are made later."""
    session, name = task.session, task.values["name"]
    folder = session.folder(session.cluster(task.values["cluster"]).name)
    return {"changed": name in loaded.names(folder) if task.check else loaded.forget(folder, [name])}


def _refuse_foreign(images: list[dict[str, Any]], lacking: list[str], machine: str) -> None:
    """Refuse images that a node couldn't run, before they are brought there."""
    mine = f"linux/{_ARCHITECTURES.get(machine, machine)}"
    problems = [
        Problem(
            "csk_image",
            f"{', '.join(image['names'])} is for {', '.join(image['configs'])}; the node is {mine}.",
            "a node runs images of its own platform.",
            f"build it for {mine}.",
        )
        for image in images
        if mine not in image["configs"] and set(image["names"]) & set(lacking)
    ]
    if problems:
        raise CskError(problems)


def _ask(task: Task, asked: dict[str, Any], images: list[dict[str, Any]]) -> dict[str, Any]:
    """Run the program on the node; what it answers."""
    listed = [{"names": image["names"], "ids": list(image["configs"].values())} for image in images]
    try:
        return run_program(task.remote, _PROGRAM, asked | {"images": listed})
    except ProgramFailedError as failed:
        from ansible.errors import AnsibleConnectionFailure

        said = failed.said[-500:]
        if not failed.reached:
            raise AnsibleConnectionFailure(said) from None
        rule = "the node takes images as root, with containerd and Python 3."
        problem = Problem("csk_image", f"can't be loaded: {said}.", rule, "look at the message; then run it again.")
        raise CskError(problem) from None
