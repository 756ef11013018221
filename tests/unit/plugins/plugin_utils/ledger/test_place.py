# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new cluster may be recorded where a run is."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.ledger import place

URL = "postgresql://u@h/d"
DISK, LAYERS = "1 0 0:1 / / rw - ext4 disk rw\n", "1 0 0:1 / / rw - overlay overlay rw\n"


@pytest.fixture
def system(monkeypatch, tmp_path):
    """Set what the kernel says of the mounts; None: there is no such file."""

    def system(text: str | None, marked: bool = False) -> None:
        mounts, mark = tmp_path / "mountinfo", tmp_path / "mark"
        if text is not None:
            mounts.write_text(text)
        if marked:
            mark.touch()
        monkeypatch.setattr(place, "_MOUNTS", mounts)
        monkeypatch.setattr(place, "_MARKS", (mark,))
        monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    return system


@pytest.mark.parametrize(
    ("text", "marked", "kept"),
    [(DISK, False, True), (DISK, True, True), (LAYERS, True, False), (LAYERS, False, False), (None, True, True)],
)
def test_csk_home(system, home, text, marked, kept):
    system(text, marked)
    problems = place.keeping_problems(home, None)
    assert [problem.where for problem in problems] == ["csk_home"] * (not kept)


def test_a_link_out_of_the_container(system, home, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    home.symlink_to(kept)
    system(LAYERS + f"2 1 0:2 /srv {kept} rw - ext4 disk rw\n", marked=True)
    assert place.keeping_problems(home, None) == []
    assert place.keeping_problems(tmp_path, None)


def test_a_shared_ledger_needs_its_key(system, home, monkeypatch):
    system(LAYERS, marked=True)
    assert "CSK_LEDGER_KEY" in place.keeping_problems(home, URL)[0].where
    monkeypatch.setenv("CSK_LEDGER_KEY", "x")
    assert place.keeping_problems(home, URL) == []
    monkeypatch.delenv("CSK_LEDGER_KEY")
    home.mkdir()
    (home / "key").touch()
    assert place.keeping_problems(home, URL) == []
