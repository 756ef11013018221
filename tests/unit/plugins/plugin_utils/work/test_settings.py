# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of settings against DOCUMENTATION, README and what the ledger records."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.settings import CLUSTER, POOL, pool_settings
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec, cluster

TOP = Path(__file__).parents[5]
TABLES = {"csk_cluster": CLUSTER, "csk_nodepool": POOL}
BOTH = [(module, key) for module, table in TABLES.items() for key in table]


def readme() -> dict[str, dict[str, tuple[str, str]]]:
    """The rows of README's two tables: module -> key -> (default, text)."""
    text = (TOP / "README.md").read_text("utf-8")
    part = text.partition("<!-- Cluster file: begin -->")[2].partition("<!-- Cluster file: end -->")[0]
    found: dict[str, dict[str, tuple[str, str]]] = {"csk_cluster": {}, "csk_nodepool": {}}
    for module, lines in zip(found, part.split("| key of ")[1:], strict=True):
        for keys, default, words in re.findall(r"^\| (`.*?`) \| (.*?) \| (.*?) \|$", lines, re.MULTILINE):
            found[module] |= dict.fromkeys(re.findall(r"`(\w+)`", keys), (default.strip("`"), words))
    return found


def documented(module: str, key: str) -> str:
    """What ansible-doc says of an option."""
    doc = get_docstring(str(TOP / "plugins" / "modules" / f"{module}.py"), fragment_loader)[0]
    return " ".join(doc["options"][key]["description"])


@pytest.mark.parametrize("module", TABLES)
def test_the_table_has_what_is_documented(module):
    assert set(TABLES[module]) == set(argspec.settings(module))


@pytest.mark.parametrize("module", TABLES)
def test_the_readme_has_what_is_documented(module):
    assert set(readme()[module]) == set(TABLES[module])


@pytest.mark.parametrize(("module", "key"), BOTH)
def test_what_never_changes_is_said_to_be_immutable(module, key):
    change = TABLES[module][key].change
    if change != "own":
        assert ("immutable" in readme()[module][key][1]) == (change == "never")
        assert ("immutable" in documented(module, key).lower()) == (change == "never")


@pytest.mark.parametrize(("module", "key"), BOTH)
def test_the_readme_says_the_default(module, key):
    option = argspec.settings(module)[key]
    said = readme()[module][key][0]
    if option.get("required"):
        assert said == "needed"
    elif option.get("default") not in (None, [], {}):
        assert yaml.safe_load(said) == option["default"]


def test_a_cluster_is_recorded_with_every_setting():
    values = argspec.module_arguments("csk_cluster", {"settings": {"name": "demo", "version": "1.36"}})
    kept = {key for key, setting in CLUSTER.items() if setting.change != "run"} - {"name", "version"}
    assert set(cluster.recorded_settings(values)) == kept


def test_a_pool_is_recorded_with_every_setting():
    values = argspec.module_arguments("csk_nodepool", {"cluster": "demo", "settings": {"name": "a", "desired_size": 1}})
    assert set(pool_settings(values)) == {key for key, it in POOL.items() if it.change != "run"} - {"name"}


@pytest.mark.parametrize(
    ("module", "single"),
    [
        ("csk_cluster", {"name": "demo", "version": "1.36", "proxy_mode": "nftables", "tags": {"a": "b"}}),
        ("csk_cluster", {"name": "demo", "version": "1.36", "container": {"data_root": "/srv"}}),
        ("csk_nodepool", {"name": "a", "desired_size": 2, "drain": {"timeout": 5}, "nodes": ["a-1"]}),
    ],
)
def test_settings_are_what_the_single_options_are(module, single):
    more = {"cluster": "demo"} if module == "csk_nodepool" else {}
    one, other = (argspec.module_arguments(module, more | given) for given in (single, {"settings": single}))
    assert {key: value for key, value in one.items() if key != "settings"} == other


@pytest.mark.parametrize(
    ("module", "arguments", "wheres"),
    [
        ("csk_cluster", {"settings": {"name": "demo"}, "masters": 5}, ["csk_cluster.settings"]),
        ("csk_cluster", {"settings": {"name": "demo"}, "name": "demo"}, ["csk_cluster.settings"]),
        ("csk_cluster", {"settings": {"version": "1.36"}}, ["csk_cluster.name"]),
        ("csk_cluster", {"version": "1.36"}, ["csk_cluster.name"]),
        ("csk_cluster", {"settings": {"name": "demo", "pod_cird": "x"}}, ["csk_cluster.pod_cird"]),
        ("csk_cluster", {"settings": {"name": "demo", "version": 1.36}}, ["csk_cluster.version"]),
        ("csk_cluster", {"settings": {"name": "demo", "state": "absent"}}, ["csk_cluster.state"]),
        ("csk_cluster", {"settings": {"name": "demo"}, "stat": "absent"}, ["csk_cluster.stat"]),
        ("csk_nodepool", {"cluster": "demo", "settings": {"desired_size": 1}}, ["csk_nodepool.name"]),
        ("csk_nodepool", {"settings": {"name": "a"}}, ["csk_nodepool.cluster"]),
        ("csk_nodepool", {"cluster": "demo", "settings": [1]}, ["csk_nodepool"]),
    ],
)
def test_settings_that_can_not_be_right(module, arguments, wheres):
    with pytest.raises(CskError) as caught:
        argspec.module_arguments(module, arguments)
    assert [problem.where for problem in caught.value.problems] == wheres


def test_what_a_module_got_is_left_as_it_was():
    given = {"settings": {"name": "demo", "version": "1.36"}}
    before = json.dumps(given)
    argspec.module_arguments("csk_cluster", given)
    assert json.dumps(given) == before
