# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster that an earlier csk made goes on under today's: nothing to do, then scaled, upgraded, renewed, deleted."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path

import pytest
from support.cluster import NEW, TestCluster
from support.playbooks import Playbooks, cluster_file

TOOL = Path(__file__).parents[3] / "tools" / "earlier.py"
# The last one whose ledger had no defaults for later options.
COMMIT = "271c6f8"


@pytest.fixture(scope="module")
def collections() -> Path:
    """Where the earlier collection is installed."""
    done = subprocess.run([sys.executable, TOOL, COMMIT], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    return Path(done.stdout.strip())


def test_it_goes_on(playbooks: Playbooks, collections: Path, tmp_path: Path) -> None:
    # A ledger of its own: an earlier csk doesn't take one that today's has brought up to date.
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "artifacts").symlink_to(playbooks.home / "artifacts")
    file = cluster_file("test-earlier")
    TestCluster(Playbooks(home, tmp_path, {"ANSIBLE_COLLECTIONS_PATH": str(collections)}), file).create().good()
    cluster = TestCluster(Playbooks(home, tmp_path), file)
    machines = cluster.machines.states()
    try:
        again = cluster.create().good()
        assert not again.changed, again.text
        cluster.whole()
        for size in (3, 2):
            scaled = copy.deepcopy(file)
            scaled["csk_nodepools"][0]["desired_size"] = size
            cluster.playbooks.run("scale", file=scaled).good()
        assert cluster.machines.states() == machines
        cluster.upgrade().good()
        assert set(cluster.versions().values()) == {f"v{NEW}"}
        file["csk_cluster"]["version"] = "1.37"
        cluster.playbooks.run("renew", csk_name=cluster.name).good()
        cluster.whole()
    finally:
        cluster.delete().good()
    assert cluster.machines.left() == []
