# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots stay."""

from __future__ import annotations

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.snapshots import (
    Taken,
    kept_problem,
    label_problem,
    superseded,
)

UP, LATER = "1.36.3 1.37.2", "1.37.2 1.37.3"


def asked(*names, label="", well=True):
    return [Taken(name, label, "", well) for name in names]


def attempts(*names, attempt=UP, well=True):
    return [Taken(name, "", attempt, well) for name in names]


@pytest.mark.parametrize(
    ("taken", "kept", "going"),
    [
        ([], 1, []),
        (asked("a", "b", "c"), 1, ["a", "b"]),
        (asked("c", "a", "b"), 2, ["a"]),
        (asked("a", "b", "c"), 3, []),
        (asked("a", "b", "c"), 9, []),
        # Each label is a series of its own.
        (asked("a", "b") + asked("c", "d", label="nightly"), 1, ["a", "c"]),
        # Five failed attempts at an upgrade leave all that was there, the first one, and the last.
        (asked("a", "b", "c", "d", "e") + attempts("f", "g", "h", "i", "j"), 5, ["g", "h", "i"]),
        (attempts("a", "b", "c"), 1, ["b"]),
        (attempts("a"), 1, []),
        # Upgrades are a series; attempts at one of them count as one.
        (attempts("a", "b", "c") + attempts("d", "e", attempt=LATER), 1, ["a", "b", "c"]),
        (attempts("a", "b", "c") + attempts("d", "e", attempt=LATER), 2, ["b"]),
        # The last one that was well stays, whatever its series.
        (asked("a") + asked("b", "c", well=False), 1, ["b"]),
        (asked("a") + asked("b", "c", well=False), 2, []),
        (asked("a", "b") + attempts("c", "d", "e", well=False), 1, ["a", "d"]),
        (attempts("a") + attempts("b", "c", "d", well=False), 1, ["b", "c"]),
        (asked("a", "b", well=False), 1, ["a"]),
    ],
)
def test_what_goes(taken, kept, going):
    assert superseded(taken, kept) == going


@pytest.mark.parametrize(
    ("label", "right"),
    [("", True), ("before-migration", True), ("v1.2_x", True), ("a" * 63, True), ("a" * 64, False), ("-x", False),
     ("a b", False), ("../x", False), ("ä", False)],
)  # fmt: skip
def test_labels(label, right):
    assert (label_problem(label) is None) is right


@pytest.mark.parametrize(("kept", "right"), [(1, True), ("5", True), (0, False), (-1, False), ("many", False)])
def test_how_many_stay(kept, right):
    assert (kept_problem(kept) is None) is right
