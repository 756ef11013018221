# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options come from the modules' documentation, and values are checked against them, all errors at once."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec


def problems(module: str, **values) -> list[str]:
    return [str(problem) for problem in argspec.check(values, argspec.settings(module), module)[1]]


@pytest.mark.parametrize(
    ("module", "there", "control"),
    [
        (
            "csk_cluster",
            {"name", "version", "zones", "pod_cidr", "deletion_protection"},
            {"state", "confirm", "csk_home"},
        ),
        ("csk_nodepool", {"name", "state", "desired_size", "labels", "taints"}, {"cluster", "csk_home", "csk_today"}),
    ],
)
def test_settings_are_the_options_without_those_of_the_task(module, there, control):
    settings = argspec.settings(module)
    assert there <= set(settings)
    assert not control & set(settings)
    assert control <= set(argspec.options(module))


def test_defaults_are_filled_in():
    values, found = argspec.check({"name": "demo"}, argspec.settings("csk_cluster"), "csk_cluster")
    assert found == []
    assert (values["masters"], values["pod_cidr"], values["zones"]) == (3, "172.20.0.0/16", ["zone-a"])


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"flavour": "big"}, ["csk_cluster.flavour", "there is no such option"]),
        ({"pod_cird": "x"}, ["csk_cluster.pod_cird", "did you mean pod_cidr?"]),
        ({"state": "absent"}, ["csk_cluster.state"]),  # no setting of a cluster
        ({"masters": "three"}, ["csk_cluster.masters: "]),
        ({"container": {"root": "/x"}}, ["csk_cluster.container.root"]),
        ({"data_root": "/x"}, ["csk_cluster.data_root", "write it as container.data_root"]),
        ({"zones": {"a": 1}}, ["csk_cluster.zones: "]),
        ({"proxy": "x"}, ["csk_cluster.proxy: "]),
        ({"proxy": {"htp_proxy": "x"}}, ["csk_cluster.proxy.htp_proxy", "did you mean http_proxy?"]),
        (
            {"registry_mirrors": [{"registry": "a", "endpoints": ["b"]}, {"registry": "a", "endpoint": "b"}]},
            ["csk_cluster.registry_mirrors[1].endpoint", "did you mean endpoints?"],
        ),
    ],
)
def test_what_is_wrong(values, parts):
    text = "\n".join(problems("csk_cluster", name="demo", **values))
    for part in parts:
        assert part in text


def test_all_errors_at_once():
    assert len(problems("csk_cluster", name="demo", flavour="big", pod_cird="x", version=1.36)) == 3


@pytest.mark.parametrize(
    ("version", "kind"), [("1.36", None), (1.36, "float"), (1.3, "float"), (1, "int"), (None, None), (True, "bool")]
)
def test_a_version_is_a_string(version, kind):
    found = argspec.check({"name": "demo", "version": version}, argspec.settings("csk_cluster"), "csk_cluster")[1]
    assert [problem.where for problem in found] == (["csk_cluster.version"] if kind else [])
    if kind:
        assert kind in found[0].what
        assert f'version: "{version}"' in found[0].fix


@pytest.mark.parametrize(
    ("module", "values", "where"),
    [
        ("csk_cluster", {"zones": ["a", 1.10]}, "zones[1]"),
        ("csk_cluster", {"zones": [True]}, "zones[0]"),
        ("csk_cluster", {"zones": [None]}, "zones[0]"),
        ("csk_cluster", {"zones": 5}, "zones"),
        ("csk_cluster", {"zones": "a,b"}, None),  # Ansible's other way to write a list
        ("csk_cluster", {"zones": None}, "zones"),
        ("csk_cluster", {"masters": True}, "masters"),
        ("csk_cluster", {"masters": "3"}, None),
        ("csk_cluster", {"masters": 3.0}, None),
        ("csk_cluster", {"masters": 3.5}, "masters"),
        ("csk_cluster", {"pod_cidr": 2886729728}, "pod_cidr"),
        ("csk_cluster", {"proxy": {"http_proxy": 8080}}, "proxy.http_proxy"),
        ("csk_cluster", {"container": {"data_root": 5}}, "container.data_root"),
        (
            "csk_cluster",
            {"registry_mirrors": [{"registry": 5, "endpoints": ["http://a"]}]},
            "registry_mirrors[0].registry",
        ),
        ("csk_cluster", {"deletion_protection": "false"}, None),
        ("csk_cluster", {"deletion_protection": 1}, None),
        ("csk_cluster", {"deletion_protection": "flase"}, "deletion_protection"),
        ("csk_nodepool", {"desired_size": True}, "desired_size"),
        ("csk_nodepool", {"instance": {"cpus": float("nan")}}, "instance.cpus"),
        ("csk_nodepool", {"instance": {"cpus": "inf"}}, "instance.cpus"),
        ("csk_nodepool", {"instance": {"cpus": "1.5"}}, None),
        ("csk_nodepool", {"instance": {"cpus": True}}, "instance.cpus"),
        ("csk_nodepool", {"instance": {"memory": 2147483648}}, None),
        ("csk_nodepool", {"instance": {"memory": 1.5}}, "instance.memory"),
        ("csk_nodepool", {"taints": [{"key": "a", "value": True, "effect": "NoSchedule"}]}, "taints[0].value"),
        ("csk_nodepool", {"taints": [{"key": "a", "value": 1.10, "effect": "NoSchedule"}]}, "taints[0].value"),
        ("csk_nodepool", {"taints": [{"key": 7, "effect": "NoSchedule"}]}, "taints[0].key"),
        ("csk_nodepool", {"kubelet": {"maxParallelImagePulls": True}}, "kubelet.maxParallelImagePulls"),
        ("csk_nodepool", {"nodes": [7]}, "nodes[0]"),
    ],
)
def test_values_that_are_not_what_they_look_like(module, values, where):
    found = argspec.check({"name": "demo", **values}, argspec.settings(module), "m")[1]
    assert [problem.where.removeprefix("m.") for problem in found] == ([where] if where else [])


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"to": 1.4}, "csk_upgrade.to"),
        ({"to": "1.40"}, None),
        ({"options": {"path": ["1.37", 1.4]}}, "csk_upgrade.options.path[1]"),
        ({"options": {"max_unavailable": 2}}, None),
        ({"options": {"max_unavailable": 0.5}}, "csk_upgrade.options.max_unavailable"),
        ({"csk_quotas": {"nodes": True}}, "csk_upgrade.csk_quotas.nodes"),
        ({"csk_today": 20261124}, "csk_upgrade.csk_today"),
    ],
)
def test_a_tasks_values_too(values, where):
    given = {"name": "demo", "state": "started"} | values
    if where is None:
        assert argspec.module_arguments("csk_upgrade", given)
        return
    with pytest.raises(CskError) as caught:
        argspec.module_arguments("csk_upgrade", given)
    assert [problem.where for problem in caught.value.problems] == [where]


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"labels": {"1.10": "x"}}, None),
        ({"labels": {1.10: "x"}}, "p.labels"),
        ([{"taints": [{True: "x"}]}], "p[0].taints[0]"),
        ({None: "x"}, "p"),
        ("text", None),
    ],
)
def test_keys_that_are_not_what_they_look_like(value, where):
    assert [problem.where for problem in argspec.key_problems(value, "p")] == ([where] if where else [])


@pytest.mark.parametrize("values", [None, [], "demo", 5])
def test_what_is_no_dictionary(values):
    _values, (problem,) = argspec.check(values, argspec.settings("csk_cluster"), "csk_cluster")
    assert "not a dictionary" in problem.what


def test_a_tasks_arguments():
    with pytest.raises(CskError) as caught:
        argspec.module_arguments("csk_nodepool", {"cluster": "demo", "size": 3, "name": "web"})
    assert "csk_nodepool.size" in str(caught.value)
    assert "desired_size" in str(caught.value)
    given = {"cluster": "demo", "name": "web", "desired_size": "3"}
    assert argspec.module_arguments("csk_nodepool", given)["desired_size"] == 3


def modules() -> list[str]:
    return sorted(path.stem for path in argspec._MODULES.glob("csk_*.py"))


def compared(spec: dict, documented: dict) -> None:
    """Each option is as its documentation says, with those below it."""
    for name, option in documented.items():
        found = spec[name]
        for key in ("type", "elements", "required", "default", "choices"):
            assert found.get(key) == option.get(key), f"{name}.{key}"
        assert ("options" in found) == ("suboptions" in option)
        compared(found.get("options", {}), option.get("suboptions", {}))
        assert set(found.get("options", {})) == set(option.get("suboptions", {}))


@pytest.mark.parametrize("module", modules())
def test_options_are_those_of_the_documentation(module):
    source = (argspec._MODULES / f"{module}.py").read_text("utf-8")
    documented = yaml.safe_load(source.partition('DOCUMENTATION = r"""')[2].partition('"""')[0])["options"]
    spec = argspec.options(module)
    compared(spec, documented)
    assert set(spec) - set(documented) <= set(argspec.CONTROL_OPTIONS)


@pytest.mark.parametrize(
    ("module", "said_by_the_playbook"),
    [("csk_cluster", {"state", "confirm", "timeout", "pool_providers", "pools", "failed"}), ("csk_nodepool", set())],
)
def test_settings_and_control_options_are_all_options(module, said_by_the_playbook):
    given = set(argspec.options(module))
    assert set(argspec.settings(module)) == given - set(argspec.CONTROL_OPTIONS) - said_by_the_playbook


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"registry_mirrors": ["docker.io"]}, "registry_mirrors"),
        ({"registry_mirrors": [{"endpoints": ["a"]}]}, "registry"),
        ({"proxy": "http_proxy=http://p:1 htp=1"}, "htp"),  # Ansible's own way to write a dictionary
        ({"zones": None}, "zones"),
        ({"masters": None}, "masters"),
        ({"masters": 3.5}, "masters"),
        ({"proxy": {"no_proxy": None}}, "no_proxy"),
    ],
)
def test_a_value_of_the_wrong_type_is_a_problem_and_no_crash(values, part):
    found = problems("csk_cluster", name="demo", **values)
    assert found
    assert part in "\n".join(found)


@pytest.mark.parametrize(
    ("name", "fix"),
    [("pod_cird", "did you mean pod_cidr?"), ("zone", "did you mean zones?"), ("xyz", "use one of pod_cidr, zones.")],
)
def test_the_name_that_was_probably_meant(name, fix):
    assert argspec.unknown(name, ["zones", "pod_cidr"], f"csk_cluster.{name}").fix == fix


def test_an_option_that_has_moved_is_told_only_where_it_was():
    assert "container.data_root" in argspec.unknown("data_root", ["zones"], "csk_cluster.data_root").fix
    assert "container" not in argspec.unknown("data_root", ["zones"], "csk_node_image.data_root").fix
