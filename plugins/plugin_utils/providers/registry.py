# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The providers by their names: ours, and those of other collections.

A provider is the class ``PROVIDER`` of the module ``plugins.plugin_utils.providers.NAME.provider`` of its collection.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.defaults import completed
from ..core.errors import CskError, Problem
from ..core.traits import Traits
from .base import Provider

OURS = ("container",)
_FOREIGN = re.compile(r"([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)\.([a-z_][a-z0-9_]*)")
_RULE = "a provider is one of csk's own, or has a collection's full name (namespace.collection.name)."


def key_of(name: str) -> str:
    """The key under which a provider's own options stand in a cluster file: the last part of its name."""
    return name.rpartition(".")[2]


def find(name: str, where: str = "csk_cluster.provider") -> type[Provider]:
    """The class of a provider.

    :param where: the variable that names it.
    :raises CskError: where there is none of that name, or what is there isn't one.
    """
    if name in OURS:
        module = f"{__package__}.{name}.provider"
    elif match := _FOREIGN.fullmatch(name):
        module = "ansible_collections.{}.{}.plugins.plugin_utils.providers.{}.provider".format(*match.groups())
    else:
        fix = f"use {' or '.join(OURS)}, or the full name of another collection's."
        raise _problem(where, f"there is no provider {name!r}.", fix)
    try:
        found = importlib.import_module(module).PROVIDER
    except ModuleNotFoundError as error:
        raise _missing(name, module, where, error) from error
    except Exception as error:  # whatever another collection's module does when it is imported
        fix = "see to the cause where the collection comes from; its requirements may be missing."
        raise _problem(where, f"{name} can't be used: {type(error).__name__}: {error}.", fix) from error
    wrong = _faults(found)
    if wrong:
        fix = "use another release of its collection, which fits this one of csk.kubernetes."
        raise _problem(where, f"{name} isn't a provider of csk: {wrong}.", fix)
    return found


def make(name: str, settings: Mapping[str, Any], artifacts: Path) -> Provider:
    """A provider with its own options.

    :param settings: a cluster's, of which those under the provider's key count; what isn't said has its default.
    :param artifacts: the controller's directory of releases.
    :raises CskError: where there is no such provider, or it can't have these options.
    """
    found = find(name)
    said = settings.get(key_of(name)) or {}
    own = {key: value for key, value in completed(said, found.options).items() if key in found.options}
    wrong = found.option_problems(own, f"csk_cluster.{key_of(name)}")
    if wrong:
        raise CskError(wrong)
    return found(artifacts, **own)


def _faults(found: Any) -> str:
    """Why a thing isn't a provider's class; empty where it is one."""
    if not (isinstance(found, type) and issubclass(found, Provider)):
        return "its PROVIDER is no subclass of Provider"
    if inspect.isabstract(found):
        return f"it lacks the methods {', '.join(sorted(found.__abstractmethods__))}"
    if not isinstance(getattr(found, "traits", None), Traits):
        return "it doesn't declare its traits"
    if found.traits.bakes_images and found.node_images is Provider.node_images:
        return "it bakes images, and lacks the method node_images"
    return ""


def _missing(name: str, module: str, where: str, error: ModuleNotFoundError) -> CskError:
    """What a module that can't be found means: no collection, no such provider in it, or something that it imports."""
    missing = error.name or ""
    namespace, collection, *_rest = module.split(".")[1:]
    if missing in ("ansible_collections", f"ansible_collections.{namespace}") or missing == ".".join(
        ("ansible_collections", namespace, collection)
    ):
        what, fix = f"the collection {namespace}.{collection} isn't installed.", "install it, or use another provider."
    elif module == missing or module.startswith(f"{missing}."):
        what, fix = f"{namespace}.{collection} has no provider {key_of(name)!r}.", "see which ones the collection has."
    else:
        what = f"{name} can't be imported: {error}."
        fix = "install what it needs into the environment that runs ansible-playbook."
    return _problem(where, what, fix)


def _problem(where: str, what: str, fix: str) -> CskError:
    return CskError(Problem(where, what, _RULE, fix))
