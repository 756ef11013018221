# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster is planned, begun by a run that is killed, finished by Molecule, and made again without a change."""

from __future__ import annotations

import json
import time

from support.playbooks import Outcome, kill, read_until

from life.story import Life


def test_create(life: Life) -> None:
    cluster = life.cluster
    life.keep("check", cluster.create("--check", "--diff"))
    left = " ".join(cluster.machines.left()) + str(cluster.record or "")
    life.keep("left by check", Outcome(0, left))
    with cluster.playbooks.started("create", "-vvv", file=cluster.file) as process:
        text = read_until(process, r"^TASK \[.*Start etcd and the control plane")
        life.keep("refused", cluster.create())
        time.sleep(1)
        kill(process)
        assert process.stdout is not None
        life.keep("killed", Outcome(1, text + process.stdout.read()))
    before = cluster.machines.states()
    life.keep("machines", Outcome(0, json.dumps(before)))
    # A user's converge may be as verbose, and be logged.
    log = life.cluster.playbooks.folder / "ansible.log"
    made = life.molecule("converge", ANSIBLE_VERBOSITY="3", ANSIBLE_LOG_PATH=str(log))
    life.keep("create", Outcome(made.code, f"{made.text}\n{log.read_text('utf-8')}")).good()
    assert cluster.machines.states() == before  # no machine was made twice
    cluster.load()


def test_idempotence(life: Life) -> None:
    before = life.cluster.machines.states()
    life.molecule("idempotence").good()
    assert life.cluster.machines.states() == before
