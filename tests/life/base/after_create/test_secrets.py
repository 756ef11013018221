# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret was printed or logged, however verbose the runs were."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from support.cluster import TestCluster

from life.story import Life


def test_no_secret_was_printed_or_logged(life: Life) -> None:
    secrets = secrets_of(life.cluster)
    assert len(secrets) > 10
    for run in ("killed", "create"):
        text = life.kept(run).text
        assert len(text) > 10_000
        assert "PRIVATE KEY" not in text
        assert "client-key-data" not in text
        assert re.findall(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b", text) == []  # a bootstrap token
        for name, secret in secrets:
            assert secret not in text, name


def secrets_of(cluster: TestCluster) -> list[tuple[str, str]]:
    """Pieces of every secret that the ledger holds, as they could be printed: as they are, and in base64."""
    ledger, found = cluster.ledger, []
    for name in ledger.secret_names(cluster.name):
        if name.endswith((".crt", ".pub")):
            continue
        content: bytes = ledger.secret(cluster.name, name)
        lines = [line for line in content.decode().splitlines() if not line.startswith("-----")]
        found += [(name, line) for line in lines if len(line) > 15]
        found += [(name, base64.b64encode(content).decode()[60:120])] if len(content) > 100 else []
    found.append(("etcd token", cluster.record.etcd_token))
    found.append(("ledger key", (Path(cluster.playbooks.home) / "key").read_text().strip()))
    return found
