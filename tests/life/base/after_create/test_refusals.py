# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster that is there refuses, by one run each; single cases are unit tests and the soak's suite refusals."""

from __future__ import annotations

import copy

import pytest
from support.cluster import TestCluster


def test_every_error_is_told_at_once_and_nothing_is_changed(cluster: TestCluster) -> None:
    before = cluster.machines.states()
    file = copy.deepcopy(cluster.file)
    file["csk_cluster"] |= {"pod_cidr": "10.200.0.0/16", "zones": ["zone-a"], "masters": 5, "version": "1.37"}
    file["csk_nodepools"][0]["desired_size"] = 1
    file["csk_nodepol"] = []
    refused = cluster.playbooks.run("create", file=file).refused("csk_nodepol", "did you mean csk_nodepools?")
    assert "changed=0" in refused.text
    del file["csk_nodepol"]
    refused = cluster.playbooks.run("create", file=file).refused(
        "csk_cluster.pod_cidr", "csk_cluster.zones", "csk_cluster.masters", "immutable after creation",
        "csk_cluster.version", "csk.kubernetes.upgrade",
        "csk_nodepools[0].desired_size", "these 2 stay", "default-1 (create)",
    )  # fmt: skip
    assert "changed=0" in refused.text
    assert cluster.machines.states() == before


@pytest.mark.parametrize(
    ("playbook", "options", "told"),
    [
        ("create", ["--limit", "{name}.default-1"], "leaves out localhost"),
        ("upgrade", ["--limit", "localhost,{name}.*,!{name}.master-2"], "leaves out {name}.master-2"),
        ("renew", ["--limit", "localhost"], "leaves out {name}.master-1, {name}.master-2"),
        ("create", ["--tags", "network"], "leave out all its tasks"),
        ("delete", ["--tags", "network", "--skip-tags", "always"], "--skip-tags"),
        ("create", ["--start-at-task", "Wait until all is ready"], "--start-at-task"),
    ],
)
def test_a_part_of_a_run_is_refused(cluster: TestCluster, playbook: str, options: list[str], told: str) -> None:
    before = cluster.machines.states()
    more = {"csk_upgrade_to": "1.37"} if playbook == "upgrade" else {}
    more |= {"csk_confirm": cluster.name} if playbook == "delete" else {}
    given = [option.format(name=cluster.name) for option in options]
    refused = cluster.playbooks.run(playbook, *given, file=cluster.file, **more)
    assert "changed=1" not in refused.refused(told.format(name=cluster.name), "a run is whole").text
    assert cluster.machines.states() == before


def test_a_limit_that_leaves_nothing_out_is_none(cluster: TestCluster) -> None:
    outcome = cluster.create("--limit", f"localhost,{cluster.name}.*").good()
    assert not outcome.changed, outcome.text
