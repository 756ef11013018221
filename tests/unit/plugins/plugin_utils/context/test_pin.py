# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of ansible-playbook is held to its first step's ledger and catalogue; another run is not."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.given import Given
from ansible_collections.csk.kubernetes.plugins.plugin_utils.context.pin import pin
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.run import Run
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.quotas import Quotas

URL = "postgresql://csk:secret@db/csk"
GIVEN = Given(Path("/srv/csk"), None, Path("/srv/releases"), date(2026, 11, 24), Quotas())


def test_later_steps_that_come_to_the_same_go_on(tmp_path):
    for given in (GIVEN, GIVEN, replace(GIVEN, today=date(2026, 11, 25), take_over=True)):
        pin(Run.current(), given, tmp_path / "pins")
    assert (tmp_path / "pins").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ({"home": Path("/srv/other")}, ["csk_home"]),
        ({"ledger_url": URL}, ["csk_ledger_url"]),
        ({"catalogue": Path("/srv/own")}, ["csk_catalogue"]),
        ({"home": Path("/srv/other"), "catalogue": Path("/srv/own")}, ["csk_home", "csk_catalogue"]),
    ],
)
def test_a_later_step_that_comes_to_another_refuses(tmp_path, other, where):
    run = Run.current()
    pin(run, GIVEN, tmp_path)
    with pytest.raises(CskError) as caught:
        pin(run, replace(GIVEN, **other), tmp_path)
    assert [problem.where for problem in caught.value.problems] == where
    assert "secret" not in str(caught.value)
    pin(run, GIVEN, tmp_path)


def test_the_url_of_a_ledger_is_noted_nowhere(tmp_path):
    pin(Run.current(), replace(GIVEN, ledger_url=URL), tmp_path)
    assert all("secret" not in path.read_text() for path in tmp_path.iterdir())


def test_another_run_has_its_own_and_what_is_over_goes(tmp_path):
    run = Run.current()
    gone = replace(run, pid=4_000_000, started=1)
    elsewhere, long_ago = replace(run, host="elsewhere"), replace(run, host="long-ago")
    for other in (gone, elsewhere, long_ago):
        pin(other, replace(GIVEN, home=Path("/srv/other")), tmp_path)
    os.utime(tmp_path / long_ago.id, (1, 1))
    pin(run, GIVEN, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {run.id, elsewhere.id}


def test_a_place_may_be_spelt_in_several_ways(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "link").symlink_to(home)
    run = Run.current()
    for spelt in (home, tmp_path / "link", tmp_path / "home" / ".." / "home"):
        pin(run, replace(GIVEN, home=spelt), tmp_path / "pins")


def test_a_folder_of_somebody_else_is_not_used(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    run = Run.current()
    pin(run, GIVEN, shared)
    pin(run, replace(GIVEN, home=Path("/srv/other")), shared)
    assert not list(shared.iterdir())
