# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Providers that a cluster file names, and their own options in it."""

from __future__ import annotations

from typing import ClassVar

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers import registry
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec, providers


class Far:
    """A provider's class, as far as its options matter."""

    options: ClassVar = {"uri": {"type": "str", "default": "here"}}

    @classmethod
    def option_problems(cls, options, where):
        """Nothing is wrong."""
        del options, where
        return []


@pytest.fixture(autouse=True)
def found(monkeypatch):
    known = registry.find
    monkeypatch.setattr(registry, "find", lambda name, where="": Far if name.startswith("ns.") else known(name, where))


def test_every_variable_that_names_one():
    pools = [{"name": "a"}, {"name": "b", "provider": "ns.coll.far"}, "x", {"provider": 3}, {"provider": []}]
    assert providers.named({"provider": "container"}, pools) == {
        "csk_cluster.provider": "container",
        "csk_nodepools[1].provider": "ns.coll.far",
        "csk_nodepools[3].provider": "3",
    }
    assert providers.named(None, None) == {}
    assert providers.of_task({"pool_providers": ["ns.coll.far"]}) == {"csk_cluster.pool_providers[0]": "ns.coll.far"}


def test_their_options_stand_under_their_names():
    spec, problems = argspec.cluster_settings({"csk_cluster.provider": "container", "x": "ns.coll.far"})
    assert problems == []
    values, problems = argspec.check({"name": "demo", "far": {}}, spec, "csk_cluster")
    assert problems == []
    assert values["far"] == {"uri": "here"}
    _values, (problem,) = argspec.check({"name": "demo", "far": {"url": "x"}}, spec, "csk_cluster")
    assert problem.where == "csk_cluster.far.url"
    assert "far" not in argspec.settings("csk_cluster")


@pytest.mark.parametrize("second", ["ns.other.far", "ns.coll.container", "ns.coll.proxy", "ns.coll.state"])
def test_two_that_would_stand_in_one_place(second):
    names = {"csk_cluster.provider": "ns.coll.far", "csk_nodepools[0].provider": second}
    _spec, problems = argspec.cluster_settings(names)
    assert [problem.where for problem in problems] == ["csk_nodepools[0].provider"]


def test_one_that_is_not_there():
    _spec, (problem,) = argspec.cluster_settings({"csk_cluster.provider": "vm"})
    assert problem.where == "csk_cluster.provider"
    assert "container" in problem.fix


def test_a_task_of_csk_cluster():
    given = {"name": "demo", "pool_providers": ["ns.coll.far"], "far": {"uri": "there"}}
    assert argspec.module_arguments("csk_cluster", given)["far"] == {"uri": "there"}
    with pytest.raises(CskError, match=r"csk_cluster\.far"):
        argspec.module_arguments("csk_cluster", {"name": "demo", "far": {}})
    with pytest.raises(CskError, match=r"csk_cluster\.provider"):
        argspec.module_arguments("csk_cluster", {"name": "demo", "provider": "vm"})


def test_options_without_a_cluster():
    whole = {"provider": "container", "container": {"data_root": "/var/lib/csk"}}
    assert argspec.provider_settings("container", {}) == whole
    for name, own in (("vm", {}), ("container", {"root": "/x"}), ("container", {"data_root": "x"})):
        with pytest.raises(CskError):
            argspec.provider_settings(name, own)
