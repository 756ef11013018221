# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The providers that a cluster file, or a module's task, names: whether they are there, and their own options."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import defaults
from ..core.errors import CskError, Problem
from ..providers import registry


def named(cluster: Any, pools: Any) -> dict[str, str]:
    """The variables of a file that name a provider, with the names. What can't be a string is left to other checks.

    :param cluster: csk_cluster, and ``pools`` csk_nodepools, as the user wrote them.
    """
    entries = list(enumerate(pools)) if isinstance(pools, list) else []
    found = {"csk_cluster.provider": cluster} | {f"csk_nodepools[{index}].provider": pool for index, pool in entries}
    said = {where: entry.get("provider") for where, entry in found.items() if isinstance(entry, dict)}
    return {where: str(name) for where, name in said.items() if isinstance(name, (str, int, float))}


def of_task(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The same of a task of csk_cluster, which doesn't have the pools, but may have their providers' names."""
    more = arguments.get("pool_providers")
    found = {"csk_cluster.provider": arguments.get("provider")}
    found |= {f"csk_cluster.pool_providers[{i}]": name for i, name in enumerate(more if isinstance(more, list) else [])}
    return {where: name for where, name in found.items() if isinstance(name, str)}


def keys(names: Iterable[str]) -> list[str]:
    """Where these providers' own options stand in a cluster's settings."""
    return list(dict.fromkeys(registry.key_of(name) for name in names))


def options_of(
    names: Mapping[str, str], documented: Mapping[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The options that other collections' providers add to csk_cluster's, each provider's under its key.

    :param names: variable -> provider's name.
    :param documented: the options that csk_cluster has itself.
    :returns: an argument spec; what is wrong with the names.
    """
    added: dict[str, dict[str, Any]] = {}
    owners: dict[str, str] = {}
    problems: list[Problem] = []
    for where, name in names.items():
        try:
            found = registry.find(name, where)
        except CskError as error:
            problems += error.problems
            continue
        key = registry.key_of(name)
        if name in registry.OURS or owners.get(key) == name:
            continue
        if key in documented or key in owners:
            there = owners.get(key, "an option of csk_cluster")
            what = f"the options of {name} would stand under {key!r}, where {there} stands."
            rule = "a provider's options stand under the last part of its name."
            problems.append(Problem(where, what, rule, "use a provider with another name."))
            continue
        owners[key] = name
        added[key] = {"type": "dict", "default": {}, "options": copy.deepcopy(dict(found.options))}
    return added, problems


def completed(settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A cluster's recorded settings, with the defaults of these providers' own later options."""
    whole = dict(settings)
    for name in dict.fromkeys(names):
        key = registry.key_of(name)
        if key in whole:
            whole[key] = defaults.completed(whole[key] or {}, registry.find(name).options)
    return whole


def provider_problems(name: str | None, where: str) -> list[Problem]:
    """Why a provider can't be used; None is none, and has none."""
    try:
        if name is not None:
            registry.find(name, where)
    except CskError as error:
        return error.problems
    return []


def option_problems(settings: Mapping[str, Any], names: Iterable[str], where: str = "csk_cluster") -> list[Problem]:
    """What is wrong with the options of these providers beyond their types.

    :param settings: a cluster's.
    """
    problems = []
    for name in dict.fromkeys(names):
        key = registry.key_of(name)
        problems += registry.find(name).option_problems(settings.get(key) or {}, f"{where}.{key}")
    return problems
