# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that the suites of the soak share: the test image, and a cluster for each suite that wants one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from .cluster import HOME, KUBECTL, TestCluster, build_image
from .playbooks import Playbooks, cluster_file

NAME = "test-main"
# For who writes tests: the suite's cluster stays for the next run, which takes it as it is.
KEEP = bool(os.environ.get("CSK_TEST_KEEP"))
# Beside the installed collection of csk's.
COLLECTIONS = Path(__file__).parent / "collections"


@pytest.fixture(scope="session")
def playbooks(tmp_path_factory: pytest.TempPathFactory) -> Playbooks:
    """The way to run playbooks in the tests' csk_home."""
    if not KUBECTL.exists():
        pytest.fail(f"{KUBECTL} isn't there: make artifacts")
    return Playbooks(HOME, tmp_path_factory.mktemp("playbooks"))


@pytest.fixture(scope="session")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the test image."""
    return build_image(tmp_path_factory.mktemp("echo"))


@pytest.fixture(scope="module")
def both(playbooks: Playbooks) -> Playbooks:
    """The way to run playbooks that find the tests' own collection too, beside the installed one of csk's."""
    paths = [*os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(os.pathsep), str(COLLECTIONS)]
    return replace(playbooks, environment={"ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(filter(None, paths))})


@pytest.fixture(scope="package")
def cluster(playbooks: Playbooks, echo: Path) -> Iterator[TestCluster]:
    """Three masters and two workers, with the test image on every node."""
    made = TestCluster(playbooks, cluster_file(NAME), echo)
    if not (KEEP and made.record):
        made.create().good()
    made.load()
    yield made
    if not KEEP:
        made.delete().good()


@pytest.fixture
def healthy(cluster: TestCluster) -> TestCluster:
    """The suite's cluster, all Ready, whatever the test before left."""
    if not cluster.is_ready():
        cluster.create().good()
    return cluster


@pytest.fixture
def namespace(cluster: TestCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace for one test."""
    with cluster.kube.namespace(namespace_of(request)) as name:
        yield name


def namespace_of(request: pytest.FixtureRequest) -> str:
    """The name of a test's namespace."""
    return request.node.name.replace("_", "-")[:60].strip("-")
