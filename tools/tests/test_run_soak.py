# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which suites are run, and what is kept about them."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
import run_soak as soak

LOG = """\
2026-11-26 pods passed 700 s at 1111111
2026-11-27 pods passed 698 s at 271c6f8
2026-11-27 two passed 312 s at 271c6f8+changes
2026-11-27 losses passed 900 s at 271c6f8
2026-11-27 losses failed 1800 s at 271c6f8
2026-11-27 molecule-scale failed 1 s at 271c6f8
2026-11-27 molecule-scale passed 140 s at 271c6f8
"""


def test_a_line_is_read_as_it_was_written() -> None:
    entries = soak.parse(LOG)
    assert "".join(f"{entry}\n" for entry in entries) == LOG
    assert entries[2] == soak.Entry("2026-11-27", "two", True, 312, "271c6f8", clean=False)


@pytest.mark.parametrize("line", ["", "# a word", "2026-11-27 two passed soon at 271c6f8", "<<<<<<< HEAD"])
def test_other_lines_are_none(line: str) -> None:
    assert soak.parse(line) == []


@pytest.mark.parametrize(
    ("commits", "left"),
    [
        ({"271c6f8"}, ["two", "losses", "new"]),
        ({"1111111"}, ["two", "losses", "molecule-scale", "new"]),
        ({"1111111", "271c6f8"}, ["two", "losses", "new"]),
        (set(), ["pods", "two", "losses", "molecule-scale", "new"]),
    ],
)
def test_what_passed_last_on_the_same_clean_commit_is_left_out(commits: set[str], left: list[str]) -> None:
    suites = ["pods", "two", "losses", "molecule-scale", "new"]
    assert soak.choose(suites, soak.parse(LOG), commits) == left


def test_suites_are_folders_of_tests_and_scenarios(tmp_path: Path) -> None:
    files = {
        "soak/conftest.py": "",
        "soak/pods/__init__.py": "",
        "soak/pods/test_b.py": '"""Second."""',
        "soak/pods/test_a.py": '"""Pods by the\n\nhundred."""',
        "soak/two/__init__.py": '"""Two clusters."""',
        "soak/two/test_two.py": '"""Not this."""',
        "soak/helpers/kube.py": '"""No tests here."""',
        "molecule/default/molecule.yml": "---\n# The one of make test.\n",
        "molecule/scale/molecule.yml": "---\n# Grows\n# and shrinks.\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = soak.suites(tmp_path / "soak", tmp_path / "molecule")
    assert found == {"pods": "Pods by the", "two": "Two clusters.", "molecule-scale": "Grows"}


def test_a_suite_of_the_checkout_has_a_line_about_itself() -> None:
    assert all(soak.suites(soak.FOLDER, soak.SCENARIOS).values())


def test_a_process_is_killed_with_all_below_it() -> None:
    script = "setsid sh -c 'sleep 60; :' & sleep 60; :"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as process:
        while len(family := soak.family(process.pid)) < 4:
            time.sleep(0.01)
        soak.kill(process.pid)
    end = time.monotonic() + 5
    while any(soak.family(one) for one in family) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(soak.family(one) for one in family)


def test_what_takes_too_long_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "LIMIT_SECONDS", 0.2)
    monkeypatch.setattr(soak, "command", lambda suite: ["sleep", suite])
    assert not soak.run("60")
    monkeypatch.setattr(soak, "LIMIT_SECONDS", 60)
    assert soak.run("0")
