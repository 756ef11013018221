# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upgrade that goes on to a second stop by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .cluster import NEW, OLD, TestCluster
from .kube import Writer
from .machines import MASTERS
from .playbooks import Playbooks, cluster_file

STOPS = (OLD, NEW)
EARLIER = "2026-10-20"  # when 1.35 may be created


def go(
    playbooks: Playbooks,
    echo: Path,
    note: Callable[[str, str], None],
    source: str,
    path: Sequence[str],
    refused: Sequence[str] = (),
) -> None:
    """Make a cluster of the source, and bring it to the end of the path while somebody writes.

    :param refused: what is said where the path isn't given.
    """
    cluster = TestCluster(playbooks, cluster_file("test-path", version=source), echo)
    try:
        cluster.create(csk_today=EARLIER).good()
        before = cluster.machines.states()
        if refused:
            cluster.upgrade().refused(*refused)
            cluster.upgrade(options={"path": list(path[-1:])}).refused(refused[0].partition(":")[0])
        planned = cluster.upgrade("--check", options={"path": list(path)}).good()
        assert f"{source} -> {STOPS[0]}" in planned.text
        assert f"then the same to {STOPS[1]}" in planned.text
        with Writer(cluster.kube.client(), "path") as writer:
            done = cluster.upgrade(options={"path": list(path)}).good()
        note(f"{source} to {', '.join(STOPS)}", f"{done.seconds:.0f} s; longest without a write {writer.longest:.1f} s")
        assert set(cluster.versions().values()) == {f"v{STOPS[-1]}"}
        assert cluster.machines.states() == before  # in place
        for name in MASTERS:
            assert not writer.lost(cluster.kube.client(f"https://{cluster.machines.address(name)}:6443"))
        # Each upgrade was complete before the next.
        ends = [line for line in cluster.ledger.operations(cluster.name, 500) if line.action.endswith("finished")]
        assert len(ends) == len(STOPS)
        assert len(list((playbooks.home / "snapshots").glob(f"{cluster.name}-*.db"))) >= len(STOPS)
        again = cluster.upgrade(options={"path": list(path)}).good()
        assert not again.changed, again.text
        cluster.file["csk_cluster"]["version"] = "1.37"
        cluster.whole()
    finally:
        cluster.delete()
