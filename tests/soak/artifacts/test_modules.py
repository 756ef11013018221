# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source modules, by the playbook: what is noticed, what is made again, and that it is always the same."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.store import Store
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.catalogue import load_release as load

from .conftest import VERSION, Playbook, command, rewrite


def release(home: Path) -> Path:
    return home / "artifacts" / "releases" / VERSION


def component(home: Path, name: str) -> Path:
    """A component of the release: those of other releases may lie beside it."""
    return Store(home).component(name, load(VERSION).components[name].version)


def contents(folder: Path) -> dict[str, str]:
    """The digest of every file of a folder."""
    return {str(path.relative_to(folder)): _digest(path) for path in folder.rglob("*") if path.is_file()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_what_is_there_and_right_is_left_alone(home: Path, playbook: Playbook) -> None:
    before = {path: path.stat().st_mtime_ns for path in release(home).rglob("*")}
    outcome = playbook(home)
    assert (outcome.code, outcome.changed) == (0, 0), outcome.text
    assert {path: path.stat().st_mtime_ns for path in release(home).rglob("*")} == before


def test_a_truncated_image_is_noticed_and_written_again(home: Path, playbook: Playbook) -> None:
    before = contents(release(home) / "images")
    rewrite(release(home) / "images" / "kube-proxy.tar", lambda content: content[:-1000])
    outcome = playbook(home, "--check")
    assert outcome.changed == 1
    assert "images/kube-proxy.tar is truncated or altered" in outcome.text
    outcome = playbook(home)
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    assert "[1/1] images" in outcome.text, "no component is built for it"
    assert contents(release(home) / "images") == before
    assert playbook(home).changed == 0


def test_an_altered_program_is_built_again_to_the_same_bytes(home: Path, playbook: Playbook) -> None:
    """Built in another folder, with Go's caches empty: runc is the one with a C compiler and a linker of its own."""
    before = {name: contents(release(home) / name) for name in ("bin", "cni", "images")}
    for folder in (release(home), component(home, "runc")):
        rewrite(folder / "bin" / "runc", lambda content: content[:5000] + b"altered" + content[5007:])
    outcome = playbook(home)
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    assert "bin/runc is truncated or altered" in outcome.text
    assert "[1/2] runc" in outcome.text
    assert {name: contents(release(home) / name) for name in ("bin", "cni", "images")} == before
    assert not any((home / "cache" / "go").glob("*/*")), "csk's own caches are removed after a build"


def test_a_missing_component_is_all_that_is_made(home: Path, playbook: Playbook) -> None:
    shutil.rmtree(release(home))
    shutil.rmtree(component(home, "pause"))
    outcome = playbook(home)
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    assert "[1/2] pause" in outcome.text
    assert "[2/2] images" in outcome.text


def test_check_mode_makes_nothing(tmp_path: Path, playbook: Playbook) -> None:
    outcome = playbook(tmp_path / "nothing", "--check")
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    assert "would be obtained from modules" in outcome.text
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"csk_version": "1.36.2"}, "'1.36.2' doesn't exist in the catalogue"),
        ({"csk_version": ""}, "csk_version: isn't there"),
        ({"artifacts_source": "bundle"}, "artifacts_bundle: isn't set"),
        ({"artifacts_source": "elsewhere"}, "value of artifacts_source must be one of"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_made(
    tmp_path: Path, playbook: Playbook, variables: dict[str, str], told: str
) -> None:
    outcome = playbook(tmp_path / "nothing", **variables)
    assert outcome.code != 0
    assert told in outcome.text.replace("\n", " ")
    assert not (tmp_path / "nothing" / "artifacts" / "releases").exists()


def test_a_killed_run_leaves_nothing_that_counts(home: Path, playbook: Playbook, tmp_path: Path) -> None:
    before = contents(release(home))
    chance = random.Random(3)  # noqa: S311 - no secret
    for _attempt in range(4):
        shutil.rmtree(release(home), ignore_errors=True)
        with subprocess.Popen(
            command(home), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as run:
            time.sleep(1.0 + chance.random() * 2.5)
            for process in _family(run.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        if release(home).exists():
            assert contents(release(home)) == before
    outcome = playbook(home)
    assert outcome.code == 0, outcome.text
    assert contents(release(home)) == before
    assert not list((home / "artifacts" / "tmp").glob("*/*"))


def test_two_runs_at_once_do_the_work_once(home: Path, tmp_path: Path) -> None:
    before = contents(release(home))
    shutil.rmtree(release(home))
    runs = [subprocess.Popen(command(home), cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _number in range(2)]
    texts = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], texts
    assert sorted("changed=1" in text for text in texts) == [False, True], texts
    assert contents(release(home)) == before


def test_a_bundle_is_written_carried_and_used(home: Path, tmp_path: Path, playbook: Playbook) -> None:
    target = tmp_path / "media" / "bundle.tar"
    outcome = playbook(home, artifacts_bundle_to=str(target))
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    assert playbook(home, artifacts_bundle_to=str(target)).changed == 0
    other = tmp_path / "other"
    outcome = playbook(other, artifacts_source="bundle", artifacts_bundle=str(target))
    assert (outcome.code, outcome.changed) == (0, 1), outcome.text
    for folder in ("bin", "cni", "images"):
        assert contents(release(other) / folder) == contents(release(home) / folder)
    assert playbook(other, artifacts_source="bundle", artifacts_bundle=str(target)).changed == 0
    rewrite(release(other) / "bin" / "kubelet", lambda content: content[:-1])
    assert playbook(other, artifacts_source="bundle", artifacts_bundle=str(target)).changed == 1
    assert contents(release(other) / "bin") == contents(release(home) / "bin")


def _family(process: int) -> list[int]:
    """A process and all below it: the workers of ansible-playbook have sessions of their own."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # ended meanwhile
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found
