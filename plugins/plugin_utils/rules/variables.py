# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of csk's playbooks: what each is, which playbooks read it, and what a playbook can't do without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..core.errors import Problem

PLAYBOOK = "__csk_playbook"  # the variable by which a playbook of csk's says its name


@dataclass(frozen=True)
class Variable:
    """One variable.

    :param what: what it is, in a few words.
    :param playbooks: those that read it; empty: all of them.
    """

    what: str
    playbooks: tuple[str, ...] = ()


# Options of csk_* modules, which their action plugins read as variables where the task doesn't give them.
COMMON = {
    "csk_home": Variable("the folder of ledger, kubeconfigs and artifacts"),
    "csk_ledger_url": Variable("the PostgreSQL database of a shared ledger"),
    "csk_catalogue": Variable("a folder of release files in place of csk's own"),
    "csk_quotas": Variable("the quotas of the account"),
    "csk_today": Variable("the date of the catalogue's rules"),
    "csk_take_over": Variable("takes a lock over from a run on another host"),
    "csk_forget": Variable("machines that are off for certain, so that their nodes may go by force"),
}
_OF_ONE = ("info", "delete", "renew", "rebuild", "load_image", "upgrade", "plan", "snapshot")
VARIABLES = {
    # The cluster file, which every playbook takes.
    "csk_cluster": Variable("the cluster"),
    "csk_nodepools": Variable("its node pools"),
    "csk_stacks": Variable("what it runs beyond Kubernetes"),
    **COMMON,
    "csk_name": Variable("a cluster's name", _OF_ONE),
    "csk_confirm": Variable("the cluster's name once more", ("delete", "restore")),
    "csk_version": Variable("a minor, or an exact version", ("artifacts", "node_image")),
    "csk_image": Variable("an archive, or an image of the Engine", ("load_image",)),
    "csk_image_name": Variable("the name that an archive's image gets", ("load_image",)),
    "csk_nodes": Variable("names of nodes", ("load_image",)),
    "csk_upgrade_to": Variable("the version that an upgrade goes to", ("plan", "upgrade")),
    "csk_upgrade_options": Variable("how an upgrade goes", ("plan", "upgrade")),
    "csk_snapshot": Variable("the file of a snapshot of etcd", ("restore",)),
    "csk_snapshot_dir": Variable("where snapshots are kept", ("upgrade", "snapshot")),
    "csk_snapshots_kept": Variable("how many snapshots of each label stay", ("upgrade", "snapshot")),
    "csk_snapshot_encrypt": Variable("whether snapshots are encrypted", ("upgrade", "snapshot")),
    "csk_snapshot_label": Variable("what a snapshot is called", ("snapshot",)),
}
TEXTS = ("csk_name", "csk_confirm", "csk_version", "csk_upgrade_to", "csk_image", "csk_image_name", "csk_snapshot")
_FILE = "a cluster file (-e @FILE)"
# What several can't do without: any of these variables, and how they are given.
_VERSION = (("csk_version", "csk_cluster.version"), f"give -e csk_version=1.37, or {_FILE}.")
_CLUSTER = (("csk_name", "csk_cluster.name"), f"give -e csk_name=demo, or {_FILE}.")
_NAME = (("csk_name",), "give -e csk_name=demo.")
# playbook -> what it can't do without: any of the variables of each line, and how they are given. What the file of
# plan, create and scale lacks is told with all else that is wrong with it.
NEEDED: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "artifacts": (_VERSION,),
    "node_image": (_VERSION,),
    "delete": (_CLUSTER,),
    "renew": (_CLUSTER,),
    "snapshot": (_CLUSTER,),
    "rebuild": (_NAME,),
    "load_image": (_NAME, (("csk_image",), "give -e csk_image=shop:1.2.")),
    "restore": (
        (("csk_cluster.name",), f"give {_FILE}."),
        (("csk_snapshot",), "give -e csk_snapshot=FILE.db, a snapshot that csk took."),
    ),
    "upgrade": (
        _CLUSTER,
        (("csk_upgrade_to",), "give -e csk_upgrade_to=1.37."),
    ),
}


def unknown(names: Iterable[str]) -> list[str]:
    """The csk_ variables that no playbook knows; a misspelt one must not be ignored."""
    return sorted(name for name in names if name.startswith("csk_") and name not in VARIABLES)


def missing_problems(playbook: str, given: Mapping[str, object]) -> list[Problem]:
    """What a playbook lacks.

    :param given: the run's variables; one that is empty counts as not given.
    """
    rule = f"the playbook csk.kubernetes.{playbook} can't do without it."
    return [
        Problem(names[0], "isn't there.", rule, fix)
        for names, fix in NEEDED.get(playbook, ())
        if not any(_is_given(given, name) for name in names)
    ]


def kind_of(value: object) -> str:
    """What a value is to people, whatever class of Ansible's it has."""
    kinds = (bool, int, float, str, list, dict)
    return next((one.__name__ for one in kinds if isinstance(value, one)), type(value).__name__)


def text_problems(given: Mapping[str, object]) -> list[Problem]:
    """The variables that are text and were given as something else: YAML reads 1.40 as 1.4."""
    rule = "it is a string; YAML reads 1.40 as 1.4."
    return [
        Problem(name, f"is the {kind_of(value)} {value}.", rule, f'write it in quotes: {name}: "{value}".')
        for name in TEXTS
        if isinstance(value := given.get(name), (bool, int, float))
    ]


def _is_given(given: Mapping[str, object], name: str) -> bool:
    variable, _dot, key = name.partition(".")
    value = given.get(variable)
    if key and isinstance(value, Mapping):
        value = value.get(key)
    return value not in (None, "")
