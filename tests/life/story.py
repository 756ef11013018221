# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster's life: its phases, its file, what was seen of it, and how it is put right after a failure.

A capability is a folder beside ``base``. It has a ``cluster.yml`` with what it needs of the cluster file, a folder of
checks for each phase in which it has any (``after_create/test_*.py`` ...), and, for what has to be seen while the
upgrade goes on, ``during_upgrade.py`` with ``WATCHES``: name -> a context manager that takes the Life.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml
from support.cluster import HOME, TestCluster
from support.playbooks import Outcome

# A step changes the cluster (steps/test_<phase>.py); the phases between two steps hold checks.
PHASES = (
    "create", "after_create",
    "scale", "after_scale",
    "before_upgrade", "upgrade", "during_upgrade", "after_upgrade",
    "restore", "after_restore",
    "delete", "after_delete",
)  # fmt: skip
LIFE = Path(__file__).parent
TOP = LIFE.parent.parent
KEPT = HOME / "life"  # what the runs printed, for checks that are run alone later

Watch = Callable[["Life"], AbstractContextManager[Any]]


def capabilities() -> list[str]:
    """The capabilities that have a part in the life; base comes first."""
    found = sorted(path.parent.name for path in LIFE.glob("*/cluster.yml"))
    return sorted(found, key=lambda name: name != "base")


def merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Cluster files as one: dictionaries are joined key by key, pools by their names; else the later one counts."""
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            whole[key] = _joined(whole.get(key), value)
    return whole


def _joined(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return merged([old, new])
    if isinstance(old, list) and all(isinstance(item, dict) and "name" in item for item in [*old, *new]):
        named = {item["name"]: item for item in old}
        for item in new:
            named[item["name"]] = merged([named.get(item["name"], {}), item])
        return list(named.values())
    return new


def life_file() -> dict[str, Any]:
    """The cluster file of all capabilities."""
    return merged(yaml.safe_load((LIFE / name / "cluster.yml").read_text("utf-8")) for name in capabilities())


def watches() -> dict[str, Watch]:
    """What is watched during the upgrade, by ``capability: name``."""
    found = {}
    for name in capabilities():
        if (LIFE / name / "during_upgrade.py").exists():
            module = importlib.import_module(f"life.{name}.during_upgrade")
            found |= {f"{name}: {title}": watch for title, watch in module.WATCHES.items()}
    return found


@dataclass
class Life:
    """The cluster, and what is known of its life so far.

    :param suspect: what failed since the cluster was last known to be well.
    :param over: why nothing more can be done with the cluster; empty while it is usable.
    :param watched: what each watch of the upgrade found wrong; None for nothing.
    """

    cluster: TestCluster
    suspect: str = ""
    over: str = ""
    watched: dict[str, BaseException | None] = field(default_factory=dict)

    def keep(self, name: str, outcome: Outcome) -> Outcome:
        """Keep how a run ended, for the checks."""
        KEPT.mkdir(exist_ok=True)
        (KEPT / f"{name}.json").write_text(json.dumps(asdict(outcome)), "utf-8")
        return outcome

    @staticmethod
    def kept(name: str) -> Outcome:
        """How a run of this life ended."""
        return Outcome(**json.loads((KEPT / f"{name}.json").read_text("utf-8")))

    def molecule(self, command: str, **env: str) -> Outcome:
        """Run a step of Molecule's scenario default, with this life's file."""
        KEPT.mkdir(exist_ok=True)
        path = KEPT / "cluster.yml"
        path.write_text(yaml.safe_dump(self.cluster.file), "utf-8")
        plain = {"ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1", "CSK_LIFE_FILE": str(path)}
        done = subprocess.run(
            [Path(sys.executable).with_name("molecule"), command, "--scenario-name", "default"],
            cwd=TOP, env=os.environ | plain | env, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200,
        )  # fmt: skip
        return Outcome(done.returncode, done.stdout)

    def follow(self) -> None:
        """Let the file say the minor that the cluster has."""
        record = self.cluster.record
        if record:
            self.cluster.file["csk_cluster"]["version"] = record.version.rpartition(".")[0]

    def mend(self) -> None:
        """Bring the cluster back to what its file says, after a failure; where that fails, its life is over."""
        if not self.suspect:
            return
        cause, self.suspect = self.suspect, ""
        if self.cluster.record is None:
            self.over = f"there is no cluster since {cause} failed"
            return
        try:
            self._bring_back()
        except Exception as error:
            self.over = f"the cluster isn't usable since {cause} failed"
            print(f"{self.over}:\n{str(error)[-3000:]}")

    def _bring_back(self) -> None:
        self.follow()
        cluster, record = self.cluster, self.cluster.record
        run, file = cluster.playbooks.run, cluster.file
        if record.status == "restoring":
            run("restore", file=file, csk_snapshot=record.restore_from, csk_confirm=cluster.name)
        elif record.upgrade_to:
            cluster.upgrade(to=record.upgrade_to)
        self.follow()
        run("scale" if cluster.record.status == "ready" else "create", file=file).good()
        cluster.kube.until(cluster.is_ready, 120)
        cluster.load()
