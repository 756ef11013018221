# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which provider a name means, and what is told where it means none."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.errors import CskError
from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.traits import Traits
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers import registry
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import Provider
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider
from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import argspec

MODULE = "ansible_collections.ns.coll.plugins.plugin_utils.providers.{}.provider"


def whole(**more):
    """A class with all that a provider needs."""
    methods = {name: lambda *_args: None for name in Provider.__abstractmethods__}
    traits = Traits("own", True, True, True, False, False, True)
    return type("Whole", (Provider,), methods | {"traits": traits} | more)


@pytest.fixture
def install(monkeypatch):
    """Puts a provider's module where its collection would have it."""

    def install(found, name="far"):
        module = ModuleType(name)
        module.PROVIDER = found
        monkeypatch.setitem(sys.modules, MODULE.format(name), module)

    return install


def told(name, where="csk_nodepools[0].provider"):
    with pytest.raises(CskError) as caught:
        registry.find(name, where)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert "full name" in problem.rule
    return f"{problem.what} {problem.fix}"


def test_ours():
    assert [registry.find(name).__name__ for name in registry.OURS] == ["ContainerProvider"]


def test_another_collections(install):
    def init(self, _artifacts, **own):
        self.own = own

    provider = whole(__init__=init, options={"uri": {"type": "str"}})
    install(provider)
    assert registry.find("ns.coll.far") is provider
    made = registry.make("ns.coll.far", {"far": {"uri": "x"}, "container": {"data_root": "/y"}}, Path("/nowhere"))
    assert made.own == {"uri": "x"}
    assert registry.make("ns.coll.far", {}, Path("/nowhere")).own == {"uri": None}


@pytest.mark.parametrize(
    "name", ["vm", "", "a.b", "a.b.c.d", "Ns.coll.far", "ns.coll.far\n", "..container", "csk.x/y.z"]
)
def test_a_name_that_is_none(name):
    assert "use container" in told(name)


def test_a_collection_that_is_not_installed():
    assert "the collection nowhere.atall isn't installed" in told("nowhere.atall.far")


def test_a_collection_without_such_a_provider():
    assert "csk.kubernetes has no provider 'far'" in told("csk.kubernetes.far")


def test_what_it_imports_is_not_there(monkeypatch):
    def load(_module):
        raise ModuleNotFoundError("No module named 'libvirt'", name="libvirt")

    monkeypatch.setattr(registry, "importlib", type("Loader", (), {"import_module": staticmethod(load)}))
    assert "No module named 'libvirt'" in told("ns.coll.far")


@pytest.mark.parametrize(
    ("found", "part"),
    [
        (None, "no subclass of Provider"),
        (dict, "no subclass of Provider"),
        (Provider, "lacks the methods"),
        (whole(traits=None), "its traits"),
        (whole(traits=Traits("own", True, True, True, False, True, True)), "lacks the method node_images"),
    ],
)
def test_a_class_that_is_no_provider(install, found, part):
    install(found)
    assert part in told("ns.coll.far")


def test_a_module_without_a_class(monkeypatch):
    monkeypatch.setitem(sys.modules, MODULE.format("far"), ModuleType("far"))
    assert "AttributeError" in told("ns.coll.far")


def test_one_that_bakes_no_images():
    with pytest.raises(CskError, match="no image"):
        type.__call__(whole()).node_images(None, [], print)


@pytest.mark.parametrize("name", registry.OURS)
def test_our_options_are_those_that_csk_cluster_documents(name):
    found = registry.find(name)
    assert argspec.settings("csk_cluster")[name]["options"] == found.options
    assert all("default" in option for option in found.options.values())


@pytest.mark.parametrize("root", ["var/lib", "/var/lib/csk; reboot", "/var/lib/../../etc", "", "/a\n"])
def test_a_wrong_data_root(root):
    (problem,) = ContainerProvider.option_problems({"data_root": root}, "csk_cluster.container")
    assert problem.where == "csk_cluster.container.data_root"
    with pytest.raises(CskError):
        registry.make("container", {"container": {"data_root": root}}, Path("/nowhere"))


def test_a_right_data_root():
    assert ContainerProvider.option_problems({"data_root": "/srv/csk-1"}, "csk_cluster.container") == []
