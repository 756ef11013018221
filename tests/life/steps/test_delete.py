# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster goes; it asks for its name first."""

from __future__ import annotations

from life.story import Life


def test_delete(life: Life) -> None:
    cluster = life.cluster
    recorded, machines = cluster.record, cluster.machines.names()
    try:
        if recorded:
            run = cluster.playbooks.run("delete", csk_name=cluster.name)
            run.refused("csk_confirm", f"csk_confirm={cluster.name}")
            assert cluster.machines.names() == machines
    finally:
        life.molecule("destroy").good()
