# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the steps and checks of one cluster's life in their order, and lets no failure reach the ones after it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import HOME, KUBECTL, NEW, OLD, TestCluster, build_image
from support.fixtures import namespace_of
from support.playbooks import Playbooks

from .story import LIFE, PHASES, Life, capabilities, life_file

# What the cluster has to have in a phase, where it isn't what it was made of.
VERSIONS = {"after_upgrade": NEW, "restore": NEW, "after_restore": OLD}
_SECONDS: Counter[str] = Counter()
_LIFE = pytest.StashKey[Life]()


def phase_of(path: Path) -> str:
    """The phase of a step or of a check, by the place of its file."""
    folder = path.parent.name
    return path.stem.removeprefix("test_") if folder == "steps" else folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put everything into the order of the life; a cluster that is kept isn't deleted."""
    order = ["steps", *capabilities()]

    def place(item: pytest.Item) -> tuple[int, int]:
        return PHASES.index(phase_of(item.path)), order.index(item.path.relative_to(LIFE).parts[0])

    items.sort(key=place)
    if os.environ.get("CSK_LIFE_KEEP"):
        last = [item for item in items if phase_of(item.path) in ("delete", "after_delete")]
        config.hook.pytest_deselected(items=last)
        items[:] = [item for item in items if item not in last]


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Life:
    """The cluster of this life, which its first step makes."""
    if not KUBECTL.exists():
        pytest.fail(f"{KUBECTL} isn't there: make test-home")
    playbooks = Playbooks(HOME, tmp_path_factory.mktemp("playbooks"))
    found = Life(TestCluster(playbooks, life_file(), build_image(tmp_path_factory.mktemp("echo"))))
    request.config.stash[_LIFE] = found
    return found


@pytest.fixture(autouse=True)
def usable(life: Life, request: pytest.FixtureRequest) -> None:
    """What comes after a failure finds a cluster that is as its file says, or isn't run."""
    phase = phase_of(request.path)
    ends = phase in ("delete", "after_delete")
    if not ends:
        life.mend()
        if life.over:
            pytest.skip(life.over)
        record = life.cluster.record
        if phase != "create" and record is None:
            pytest.skip("there is no cluster: make life")
        if phase in VERSIONS and record.version != VERSIONS[phase]:
            pytest.skip(f"the cluster has {record.version}, not {VERSIONS[phase]}")
    life.follow()


@pytest.fixture
def cluster(life: Life) -> TestCluster:
    """The cluster."""
    return life.cluster


@pytest.fixture
def namespace(cluster: TestCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for one check."""
    with cluster.kube.namespace(namespace_of(request)) as name:
        yield name


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the seconds of each phase."""
    _SECONDS[phase_of(Path(report.nodeid.partition("::")[0]))] += report.duration


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember that something failed, so that the cluster is looked at before it is used again."""
    report = yield
    if report.failed and item.config.stash.get(_LIFE, None):
        item.config.stash[_LIFE].suspect = item.name
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how long each phase took."""
    terminalreporter.section("the life, by phases")
    for phase in PHASES:
        if phase in _SECONDS:
            terminalreporter.write_line(f"{phase:<16} {_SECONDS[phase]:7.1f} s")
