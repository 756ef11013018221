# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of variables, against what the playbooks read, and what is refused by it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import variables

TOP = Path(__file__).parents[5]
PLAYBOOKS = TOP / "playbooks"
# What a machine of the run carries; no playbook is given these.
OF_MACHINES = {"csk_node", "csk_role", "csk_first", "csk_step", "csk_mtu", "csk_mark", "csk_images"}
_WORD = re.compile(r"(?<![\w.])csk_[a-z_]+\b(?!:)")


def reads(name: str) -> set[str]:
    """The csk_ variables that a playbook reads, with those of what it imports."""
    text = (PLAYBOOKS / name).read_text("utf-8")
    code = "\n".join(line.partition("#")[0] for line in text.splitlines())
    found = {word for part in re.findall(r"{{.*?}}|when: .*|- .*|  .*\(.*", code) for word in _WORD.findall(part)}
    for imported in re.findall(r"import_(?:playbook|tasks): (\S+\.yml)", text):
        found |= reads(imported) if imported != "begin.yml" else set()  # it takes the names that there are
    return {word for word in found if word not in OF_MACHINES}


@pytest.mark.parametrize("path", sorted(PLAYBOOKS.glob("*.yml")), ids=lambda path: path.stem)
def test_every_variable_that_a_playbook_reads_is_in_the_table(path):
    for name in reads(path.name):
        variable = variables.VARIABLES.get(name)
        assert variable, name
        own = path.stem.partition("_stop")[0].partition("_masters")[0].partition("_replace")[0]
        everybody = not variable.playbooks or path.stem in ("begin", "nodes")
        imported = path.stem in ("create", "scale", "restore")  # create is a part of these
        assert everybody or imported or own in variable.playbooks, f"{path.name} reads {name}"


@pytest.mark.parametrize(
    ("name", "playbook"),
    [(name, playbook) for name, variable in variables.VARIABLES.items() for playbook in variable.playbooks],
)
def test_every_variable_of_the_table_is_read_where_it_says(name, playbook):
    assert name in reads(f"{playbook}.yml")


def test_every_playbook_says_its_name():
    said = {}
    for path in PLAYBOOKS.glob("*.yml"):
        for name in re.findall(rf"{variables.PLAYBOOK}: (\w+)", path.read_text("utf-8")):
            said[path.stem] = name
    imported = {"begin", "nodes", "scale", "upgrade", "upgrade_masters", "upgrade_replace"}
    assert set(said) == {path.stem for path in PLAYBOOKS.glob("*.yml")} - imported
    assert all(said[stem] in (stem, stem.removesuffix("_stop")) for stem in said)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["csk_cluster", "ansible_host", "other"], []),
        (["csk_cluster", "csk_nodepool", "csk_x"], ["csk_nodepool", "csk_x"]),
        (["__csk_plan", "CSK_CLUSTER"], []),
    ],
)
def test_variables_that_no_playbook_knows(names, found):
    assert variables.unknown(names) == found


@pytest.mark.parametrize(
    ("playbook", "given", "lacks"),
    [
        ("artifacts", {}, ["csk_version"]),
        ("artifacts", {"csk_version": ""}, ["csk_version"]),
        ("artifacts", {"csk_cluster": {}}, ["csk_version"]),
        ("artifacts", {"csk_cluster": {"version": "1.36"}}, []),
        ("node_image", {"csk_version": "1.37"}, []),
        ("node_image_base", {}, []),
        ("info", {}, []),
        ("delete", {}, ["csk_name"]),
        ("delete", {"csk_cluster": {"name": "demo"}}, []),
        ("rebuild", {"csk_cluster": {"name": "demo"}}, ["csk_name"]),
        ("load_image", {}, ["csk_name", "csk_image"]),
        ("restore", {}, ["csk_cluster.name", "csk_snapshot"]),
        ("delete", {"csk_name": "", "csk_cluster": {"name": "demo"}}, []),
        ("upgrade", {"csk_name": "demo"}, ["csk_upgrade_to"]),
    ],
)
def test_what_a_playbook_lacks(playbook, given, lacks):
    problems = variables.missing_problems(playbook, given)
    assert [problem.where for problem in problems] == lacks
    assert all(problem.fix.startswith("give ") and playbook in problem.rule for problem in problems)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"csk_upgrade_to": "1.40", "csk_name": "demo"}, []),
        ({"csk_upgrade_to": 1.40}, ["csk_upgrade_to"]),
        ({"csk_version": 1, "csk_name": True, "csk_image": 1.2}, ["csk_name", "csk_version", "csk_image"]),
        ({"csk_upgrade_to": None}, []),
    ],
)
def test_text_that_yaml_read_as_something_else(given, wrong):
    problems = variables.text_problems(given)
    assert [problem.where for problem in problems] == wrong
    assert all("in quotes" in problem.fix for problem in problems)
