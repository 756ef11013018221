# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection says of itself agrees with what it holds."""

from __future__ import annotations

from pathlib import Path

import yaml

TOP = Path(__file__).parent.parent.parent


def names(folder: str) -> set[str]:
    """The plugins in a folder."""
    return {path.stem for path in (TOP / "plugins" / folder).glob("csk_*.py")}


def test_every_module_that_has_the_common_options_is_in_the_action_group() -> None:
    runtime = yaml.safe_load((TOP / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert set(runtime["action_groups"]["csk"]) == names("modules") - {"csk_host"}


def test_every_module_has_the_action_plugin_that_does_its_work() -> None:
    assert names("modules") == names("action")


def test_every_role_has_argument_specs() -> None:
    roles = [path.name for path in (TOP / "roles").iterdir() if path.is_dir()]
    assert [name for name in roles if not (TOP / "roles" / name / "meta" / "argument_specs.yml").is_file()] == []


def test_every_module_that_opens_a_session_has_the_common_options() -> None:
    """Else the first step of a run would hold it to another ledger than the others'."""
    common = "extends_documentation_fragment:\n  - csk.kubernetes.csk\n"
    for path in (TOP / "plugins" / "modules").glob("csk_*.py"):
        if path.stem != "csk_host":
            assert common in path.read_text(encoding="utf-8"), path.stem
