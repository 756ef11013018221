# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a csk_* module, taken from its documentation, and values checked against them.

The documentation is the only place where an option is defined: the action plugins, the cluster file and
``ansible-doc`` all follow it.
"""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..core import defaults
from ..core.errors import CskError, Problem
from ..providers import registry
from ..rules.records import MOVED
from ..rules.settings import CLUSTER_SETTINGS, POOL_SETTINGS
from ..rules.variables import COMMON, kind_of
from . import providers

_MODULES = Path(__file__).parents[2] / "modules"
# Options whose text may be a number: they are counts, or Kubernetes' quantities.
NUMBERS_TOO = ("max_unavailable", "memory", "containerLogMaxSize")
# The option that takes all settings as one dictionary, as a cluster file has them.
SETTINGS = "settings"
# Options that aren't settings of the thing itself, so a cluster file doesn't hold them.
CONTROL_OPTIONS = ("cluster", SETTINGS, *COMMON)
# A pool's state may stand in a file, a cluster's is said by the playbook.
_OF_A_CLUSTER = ("state", "confirm", "timeout", "pool_providers", "pools", "failed")


@cache
def options(module: str) -> dict[str, dict[str, Any]]:
    """An argument spec, as ArgumentSpecValidator takes it, from a module's DOCUMENTATION.

    :param module: the module's short name, for example ``csk_cluster``.
    """
    from ansible.plugins.loader import fragment_loader
    from ansible.utils.plugin_docs import get_docstring

    doc = get_docstring(str(_MODULES / f"{module}.py"), fragment_loader)[0]
    # A round trip through JSON, because the documentation's values carry Ansible's tags.
    return json.loads(json.dumps(_spec(doc["options"])))


@cache
def settings(module: str) -> dict[str, dict[str, Any]]:
    """The options of a module that a cluster file may hold. The name is needed; a task may give it in two places."""
    left_out = CONTROL_OPTIONS + (_OF_A_CLUSTER if module == "csk_cluster" else ())
    found = {name: option for name, option in options(module).items() if name not in left_out}
    return found | {"name": found["name"] | {"required": True}}


@cache
def _recorded(module: str) -> dict[str, dict[str, Any]]:
    kept = {"csk_cluster": CLUSTER_SETTINGS, "csk_nodepool": POOL_SETTINGS}[module]
    return {name: option for name, option in settings(module).items() if name in kept}


def completed(module: str, recorded: dict[str, Any]) -> dict[str, Any]:
    """What a ledger recorded, with the defaults of the options that came later; for Ledger.open.

    :param module: csk_cluster or csk_nodepool, whose settings they are.
    """
    return defaults.completed(recorded, _recorded(module))


def cluster_settings(
    names: Mapping[str, str],
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The options of csk_cluster that a file may hold which names these providers, with the providers' own.

    :param names: variable -> provider's name.
    :returns: an argument spec; what is wrong with the names.
    """
    documented = settings("csk_cluster")
    added, problems = providers.options_of(names, options("csk_cluster"))
    return documented | added, problems


def provider_settings(name: str, own: dict[str, Any]) -> dict[str, Any]:
    """A provider and its own options as a cluster's settings hold them, for what is done without a cluster.

    :raises CskError: with everything that is wrong with them.
    """
    found = registry.find(name, "provider")
    values, problems = check(own, copy.deepcopy(dict(found.options)), "provider_options")
    problems = problems or found.option_problems(values, "provider_options")
    if problems:
        raise CskError(problems)
    return {"provider": name, registry.key_of(name): values}


def check(values: Any, spec: dict[str, dict[str, Any]], where: str) -> tuple[dict[str, Any], list[Problem]]:
    """Values with their defaults and types, and everything that is wrong with them.

    :param values: what the user wrote.
    :param where: the variable's name, put before each key in the problems.
    """
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    if not isinstance(values, dict):
        what = f"is {type(values).__name__}, not a dictionary."
        return {}, [Problem(where, what, "its keys are the module's options.", "write it as key: value lines.")]
    known, problems = _without_unknown(values, spec, where)
    problems += kind_problems(known, spec, where)
    checked: dict[str, Any] = {}
    for name, option in spec.items():  # each by itself: not every message of the validator names the option
        # A copy, because the validator fills defaults that are dictionaries in place.
        validator = ArgumentSpecValidator({name: copy.deepcopy(option)})
        result = validator.validate({name: known[name]} if name in known else {})
        checked |= result.validated_parameters
        told = [message for message in result.error_messages if name in message] or result.error_messages
        problems += [
            Problem(f"{where}.{name}", message.rstrip(".") + ".", "the option's type and choices.", "see ansible-doc.")
            for message in dict.fromkeys(told)
        ]
    return checked, problems


def module_arguments(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """A task's arguments, checked; for the action plugins.

    :raises CskError: with every problem at once.
    """
    known = options(module)
    if SETTINGS in known:
        if arguments.get(SETTINGS) is not None:
            return _with_settings(module, arguments)
        known = known | {"name": settings(module)["name"]}
    problems: list[Problem] = []
    if module == "csk_cluster":
        added, problems = providers.options_of(providers.of_task(arguments), known)
        known = known | added
    values, found = check(arguments, known, module)
    if problems or found:
        raise CskError(problems + found)
    return values


def _with_settings(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a task that gives all settings as one dictionary."""
    given = arguments[SETTINGS]
    known, problems = settings(module), []
    if module == "csk_cluster" and isinstance(given, dict):
        known, wrong = cluster_settings(providers.of_task(arguments | {"provider": given.get("provider")}))
        problems += wrong
    beside = sorted(set(arguments) & set(known))
    if beside:
        what, rule = f"are given beside {', '.join(beside)}.", "settings are given as one dictionary or one by one."
        problems.append(Problem(f"{module}.{SETTINGS}", what, rule, "leave out one of the two."))
    values, found = check(given, known, module)
    others = {name: value for name, value in arguments.items() if name not in known and name != SETTINGS}
    rest = {name: option for name, option in options(module).items() if name not in known and name != SETTINGS}
    more, also = check(others, rest, module)
    if problems or found or also:
        raise CskError([*problems, *found, *also])
    return values | more


def key_problems(value: Any, where: str) -> list[Problem]:
    """Keys that are no strings, at any depth, before JSON makes strings of them: 1.10 would be 1.1, and yes true.

    :param where: the variable that holds the value.
    """
    if isinstance(value, Mapping):
        rule = "a key is a string; YAML reads 1.10 as 1.1, and yes as true."
        wrong = [key for key in value if not isinstance(key, str)]
        problems = [
            Problem(where, f"has the key {key}, a {kind_of(key)}.", rule, f'write it in quotes: "{key}":')
            for key in wrong
        ]
        return problems + [found for key, inner in value.items() for found in key_problems(inner, f"{where}.{key}")]
    if isinstance(value, (list, tuple)):
        return [found for index, inner in enumerate(value) for found in key_problems(inner, f"{where}[{index}]")]
    return []


def kind_problems(values: dict[str, Any], spec: dict[str, dict[str, Any]], where: str) -> list[Problem]:
    """Values that aren't what they look like: YAML reads 1.30 as 1.3, 010 as 8, and yes as true.

    They are refused as they were given; what Ansible would make of them is never what was meant.
    """
    problems = []
    for name, option in spec.items():
        kind, inner = option.get("type", "str"), option.get("options")
        value, place = values.get(name), f"{where}.{name}"
        if value is None:
            continue
        entries = {place: value}
        if kind == "list":
            kind = option.get("elements", "raw")
            if isinstance(value, list):
                entries = {f"{place}[{index}]": entry for index, entry in enumerate(value)}
        for each, entry in entries.items():
            if inner and isinstance(entry, dict):
                problems += kind_problems(entry, inner, each)
            elif wrong := _wrong_kind(entry, kind, name in NUMBERS_TOO):
                rule, fix = wrong
                what = f"is the {kind_of(entry)} {entry}." if entry is not None else "is empty."
                problems.append(Problem(each, what, rule, fix.format(name, entry)))
    return problems


def _wrong_kind(value: Any, kind: str, number_too: bool) -> tuple[str, str] | None:
    """The rule that a value breaks, and what to do, where it isn't of the kind of its option."""
    if kind in ("str", "path") and not isinstance(value, (str, list, dict)):
        if number_too and isinstance(value, int) and not isinstance(value, bool):
            return None
        return "it is a string; YAML reads 1.30 as 1.3, and 010 as 8.", 'write it in quotes: {}: "{}".'
    if kind in ("int", "float") and isinstance(value, bool):
        return "it is a number.", "write a number."
    if kind == "float" and str(value).strip().lower().lstrip("+-").startswith(("nan", "inf")):
        return "it is a number that can be counted to.", "write a number."
    return None


def unknown(name: str, known: list[str], where: str, kind: str = "option") -> Problem:
    """The problem with a name that isn't known, with the one that was probably meant."""
    if where == f"csk_cluster.{name}" and name in MOVED:
        fix = f"write it as {MOVED[name]}."
        return Problem(where, "isn't here any more.", "a provider's own options stand under its name.", fix)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    fix = f"did you mean {near[0]}?" if near else f"use one of {', '.join(sorted(known))}."
    return Problem(where, f"there is no such {kind}.", f"an unknown {kind} is an error, never ignored.", fix)


def _without_unknown(
    values: dict[str, Any], spec: dict[str, dict[str, Any]], where: str
) -> tuple[dict[str, Any], list[Problem]]:
    known: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in values.items():
        if key not in spec:
            problems.append(unknown(str(key), list(spec), f"{where}.{key}"))
            continue
        sub = spec[key].get("options")
        known[key] = value
        if sub and isinstance(value, dict):
            known[key], found = _without_unknown(value, sub, f"{where}.{key}")
            problems += found
        elif sub and isinstance(value, list):
            known[key] = []
            for index, item in enumerate(value):
                kept, found = (
                    _without_unknown(item, sub, f"{where}.{key}[{index}]") if isinstance(item, dict) else (item, [])
                )
                known[key].append(kept)
                problems += found
    return known, problems


def _spec(documented: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    spec = {}
    for name, option in documented.items():
        kept = {key: option[key] for key in ("type", "elements", "required", "default", "choices") if key in option}
        if "suboptions" in option:
            kept["options"] = _spec(option["suboptions"])
        spec[name] = kept
    return spec
