# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ledger that isn't there, a cluster that no ledger knows, and one whose machines are elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime
from unittest.mock import Mock

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context import session as module
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.given import Given
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.machines import MachineState
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import NewMachine
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import Ledger, NoLedgerError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.quotas import Quotas
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import reconcile
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.inventory import hosts_of
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work.lifecycle import remove

SPEC = {"provider": "container", "deletion_protection": False, "dns_servers": ["192.0.2.1"]}


class Engine:
    """A provider at a place, with one machine of a cluster, or none."""

    create = Mock(side_effect=RuntimeError("killed"))

    def __init__(self, place="here", cluster_id=""):
        self.at, self.cluster_id, self.deleted = place, cluster_id, []

    def place(self):
        """As Provider has it."""
        return self.at

    def clusters(self):
        """As Provider has it."""
        return {"demo": self.cluster_id} if self.cluster_id else {}

    def list(self, cluster):
        """As Provider has it."""
        assert cluster == "demo"
        return [MachineState("master-1", "10.0.0.1", "running", {}, "")] if self.cluster_id else []

    def console(self, cluster, name):
        """As Provider has it."""
        return {"ansible_host": f"{cluster}-{name}"}

    def ensure_network(self, cluster, cluster_id, cidr):
        """As Provider has it."""

    def nameservers(self):
        """As Provider has it."""
        return []

    def delete(self, cluster, names, cluster_id):
        """As Provider has it."""
        assert names is None
        assert cluster_id == self.cluster_id or not self.cluster_id
        self.deleted.append((cluster, cluster_id))
        return ["master-1"]


@pytest.fixture
def engine(monkeypatch):
    one = Engine()
    monkeypatch.setattr(module.registry, "make", lambda *_arguments: one)
    return one


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def said():
    return []


@pytest.fixture
def step(home, said):
    """A new step of a run, as each task makes one."""

    def step(**more):
        given = Given(home, None, home, date(2026, 11, 24), Quotas(), **more)
        return module.Session(given, said.append)

    return step


@pytest.fixture
def demo(home):
    """A ledger with a cluster whose master was ready once."""
    ledger = Ledger.make(str(home))
    ledger.create_cluster("demo", "default", "1.36.3", SPEC)
    ledger.add_machines("demo", [NewMachine("master", None, "a", "create", datetime.now(UTC))])
    ledger.set_machine_status("demo", ["master-1"], "ready")
    return ledger


def values(**more):
    return {"name": "demo", "confirm": "demo", "pool_providers": []} | SPEC | more


def test_no_step_makes_a_ledger_but_one_that_records_a_cluster(step, home):
    for use in (lambda s: s.ledger, lambda s: s.cluster("demo"), lambda s: s.lock("demo")):
        with pytest.raises(NoLedgerError, match=f"there is no ledger at {home}/ledger.db"):
            use(step())
    assert (step().recorded("demo"), step().recorded_clusters()) == (None, [])
    assert not home.exists()
    one = step()
    assert one.no_ledger
    assert one.make_ledger() == [f"ledger {home}/ledger.db: made."]
    assert one.make_ledger() == step().make_ledger() == []
    assert one.ledger.clusters() == []


def test_a_name_that_nobody_knows_is_deleted_in_words(step, said, demo, engine):
    assert remove(step(), values(name="other"), check=False) == []
    assert said[0].startswith("cluster other: nothing to delete; neither the ledger ")
    assert said[0].endswith("nor the provider container knows it.")
    assert engine.deleted == []


def test_nothing_is_deleted_where_there_is_no_ledger(step, home, engine):
    with pytest.raises(NoLedgerError):
        remove(step(), values(), check=False)
    assert not home.exists()


@pytest.mark.parametrize("ledger", [True, False])
def test_machines_that_no_ledger_here_knows(step, home, engine, ledger):
    if ledger:
        Ledger.make(str(home))
    engine.cluster_id = "id-7"
    for confirm in ("demo", None, "id-8"):
        with pytest.raises(CskError, match="machines master-1") as refused:
            remove(step(), values(confirm=confirm), check=False)
        assert all(way in str(refused.value) for way in ("csk_ledger_url", "rebuild", "csk_confirm=id-7"))
        assert ("there is no ledger at" in str(refused.value)) == (not ledger)
    assert remove(step(), values(confirm="id-7"), check=True)
    assert engine.deleted == []
    assert remove(step(), values(confirm="id-7"), check=False) == ["removed master-1."]
    assert engine.deleted == [("demo", "id-7")]
    assert home.exists() == ledger


def test_a_place_is_recorded_when_its_machines_are_seen_or_made(step, demo, engine):
    engine.cluster_id = demo.cluster("demo").id
    step().lock("demo")
    assert demo.cluster("demo").places == {"container": "here"}
    demo.set_places("demo", {"container": ""})
    engine.cluster_id = ""
    step().note_places("demo", ["container"])
    assert demo.cluster("demo").places == {"container": "here"}
    engine.at = "there"
    step().note_places("demo", ["container"])
    assert demo.cluster("demo").places == {"container": "here"}


def test_a_place_is_recorded_before_anything_is_made(step, demo, engine):
    cluster = demo.cluster("demo")
    with pytest.raises(RuntimeError, match="killed"):
        reconcile._make(step(), cluster, demo.machines("demo"))
    assert demo.cluster("demo").places == {"container": "here"}


def test_an_older_record_is_not_believed_where_nothing_of_it_is(step, demo, engine):
    engine.cluster_id = "another cluster's of this name"
    with pytest.raises(CskError, match="has nothing of cluster demo at here"):
        step().lock("demo")
    demo.set_machine_status("demo", ["master-1"], "new")  # its machines were never made
    step().lock("demo")
    assert demo.cluster("demo").places == {}


@pytest.mark.parametrize("check", [True, False])
def test_a_cluster_that_is_elsewhere_is_not_deleted(step, demo, engine, check):
    demo.set_places("demo", {"container": "there"})
    with pytest.raises(CskError, match="at there, and this run is at here"):
        remove(step(), values(), check=check)
    with pytest.raises(CskError, match="at there, and this run is at here"):
        remove(step(moved="other"), values(), check=check)
    assert (demo.cluster("demo").status, engine.deleted) == ("creating", [])


def test_a_provider_that_cannot_be_asked_keeps_no_lock_from_the_others(step, demo, engine, monkeypatch):
    demo.set_places("demo", {"container": "there"})
    monkeypatch.setattr(engine, "place", Mock(side_effect=CskError([])))
    step().lock("demo")
    with pytest.raises(CskError):
        remove(step(), values(), check=False)
    assert demo.cluster("demo").places == {"container": "there"}


def test_the_users_word_moves_a_cluster(step, demo, engine):
    demo.set_places("demo", {"container": "there"})
    step(moved="demo").lock("demo")
    assert demo.cluster("demo").places == {"container": "here"}
    step().lock("demo")
    assert remove(step(), values(), check=False)[-1] == "cluster demo: removed."


def test_the_inventory_says_which_machines_are_elsewhere(demo, home, engine):
    demo.create_cluster("other", "default", "1.36.3", SPEC)
    demo.add_machines("other", [NewMachine("master", None, "a", "create", datetime.now(UTC))])
    demo.set_places("demo", {"container": "there"})
    demo.set_places("other", {"container": "here"})
    far, near = hosts_of(str(home), None, None)
    assert "ansible_host" not in far
    assert "at there, and this run is at here" in far["csk_problem"]
    assert near["ansible_host"] == "other-master-1"
    assert "csk_problem" not in near
