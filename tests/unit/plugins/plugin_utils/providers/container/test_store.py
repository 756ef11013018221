# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store's scripts, run by a real shell on real files."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container import store

META = "io.containerd.metadata.v1.bolt/meta.db"
LAYER = "io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/bin/program"


def run(script: str, data: Path, *args: str) -> str:
    """As the helper runs it, but for where the data root is."""
    text = f"set -eu; {script.replace('/data', str(data))}"
    return subprocess.run(["sh", "-c", text, "helper", *args], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data root with a store of release 1.36.3, digest d1."""
    run(store._BEGIN, tmp_path, "1.36.3")
    for name in (META, LAYER):
        file = tmp_path / "store/.1.36.3.new/containerd" / name
        file.parent.mkdir(parents=True)
        file.write_text("as imported")
    run(store._FINISH, tmp_path, "1.36.3", "d1")
    return tmp_path


def copy(data: Path, *names: str, cluster_id: str = "id-1", digest: str = "d1") -> str:
    return run(store._COPY, data, "1.36.3", digest, "demo", cluster_id, *names)


def test_layers_are_linked_and_databases_copied(data: Path) -> None:
    output = copy(data, "master-1", "master-2")
    assert "store=ok" in output
    assert {"copied=master-1", "copied=master-2"} <= set(output.splitlines())
    for name in ("master-1", "master-2"):
        node = data / "nodes/demo" / name
        assert os.path.samefile(node / "containerd" / LAYER, data / "store/1.36.3/containerd" / LAYER)
        assert not os.path.samefile(node / "containerd" / META, data / "store/1.36.3/containerd" / META)
        assert (node / "containerd" / META).read_text() == "as imported"
        assert (node / "etcd").stat().st_mode & 0o777 == 0o700
        assert (node / "kubelet").is_dir()


def test_what_a_node_writes_into_its_database_stays_its_own(data: Path) -> None:
    copy(data, "master-1")
    (data / "nodes/demo/master-1/containerd" / META).write_text("changed")
    assert "store=ok" in copy(data, "master-2")


def test_a_store_with_a_file_newer_than_its_stamp_is_stale(data: Path) -> None:
    copy(data, "master-1")
    time.sleep(0.02)
    (data / "nodes/demo/master-1/containerd" / LAYER).write_text("written in place, through the link")
    output = copy(data, "master-2")
    assert output.splitlines() == ["store=stale"]
    assert not (data / "nodes/demo/master-2").exists()


def test_a_store_of_other_artifacts_and_a_missing_one(data: Path) -> None:
    assert copy(data, "master-1", digest="d2").splitlines() == ["store=other"]
    subprocess.run(["rm", "-r", data / "store/1.36.3"], check=True)
    assert copy(data, "master-1").splitlines() == ["store=missing"]


def test_a_half_made_copy_is_made_anew(data: Path) -> None:
    for name in (".master-1.new", "master-1"):
        (data / "nodes/demo" / name / "etcd").mkdir(parents=True)
        (data / "nodes/demo" / name / "etcd/old-member").write_text("")
    copy(data, "master-1")
    assert not (data / "nodes/demo/.master-1.new").exists()
    assert list((data / "nodes/demo/master-1/etcd").iterdir()) == []


def test_another_cluster_of_the_name_is_told_and_left_alone(data: Path) -> None:
    copy(data, "master-1")
    output = copy(data, "master-1", "master-2", cluster_id="id-2")
    assert "other_id=id-1" in output
    assert "copied" not in output
    run(store._REMOVE, data, "demo", "id-2")
    assert (data / "nodes/demo/master-1").is_dir()


def test_one_machine_goes_and_the_others_stay(data: Path) -> None:
    copy(data, "master-1", "master-2")
    run(store._REMOVE, data, "demo", "id-1", "master-1")
    assert not (data / "nodes/demo/master-1").exists()
    assert (data / "nodes/demo/master-2").is_dir()


def test_deletion_leaves_other_clusters_and_the_store(data: Path) -> None:
    copy(data, "master-1")
    run(store._COPY, data, "1.36.3", "d1", "demo-2", "id-2", "master-1")
    run(store._REMOVE, data, "demo", "id-1")
    run(store._REMOVE, data, "demo", "id-1")
    assert sorted(os.listdir(data / "nodes")) == ["demo-2"]
    assert (data / "store/1.36.3/containerd" / LAYER).read_text() == "as imported"


def test_a_new_store_takes_the_place_of_the_old_one(data: Path) -> None:
    copy(data, "master-1")
    run(store._BEGIN, data, "1.36.3")
    run(store._FINISH, data, "1.36.3", "d2")
    assert (data / "store/1.36.3/stamp").read_text() == "d2\n"
    assert sorted(os.listdir(data / "store")) == ["1.36.3"]
    assert (data / "nodes/demo/master-1/containerd" / LAYER).read_text() == "as imported"
