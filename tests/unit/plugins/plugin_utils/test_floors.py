# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floors of plugin_utils: each folder imports only from those that the table allows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.csk.kubernetes.plugins import plugin_utils
from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers import registry

PLUGINS = Path(next(iter(plugin_utils.__path__))).parent
ROOT = PLUGINS.parent
OURS = ("ansible_collections", "csk", "kubernetes", "plugins")

# folder -> what of ours it may import; docs/architecture.md says the same.
_LOWER = ["core", "rules", "render", "kube", "ledger", "artifacts", "providers", "context"]
FLOORS = {
    "core": [],
    "rules": ["core"],
    "render": ["core", "rules"],
    "kube": ["core"],
    "ledger": ["core", "rules"],
    "artifacts": ["core", "rules"],
    "providers": ["core"],
    "context": _LOWER[:-1],
    "stacks": ["core", "rules", "render", "kube"],
    "control_planes": _LOWER,
    "work": [*_LOWER, "stacks", "control_planes"],
    "entry": ["work", "core"],
}
# The plugins that Ansible finds.
PLUGIN_KINDS = {
    "action": ["entry", "work", "core"],
    "inventory": ["entry", "work", "core"],
    "filter": ["entry", "work", "core"],
    "modules": [],
    "doc_fragments": [],
    "module_utils": [],
}
FILES = sorted(path.relative_to(PLUGINS) for path in PLUGINS.rglob("*.py"))


def imported(path: Path, tree: ast.AST) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every import of a file, wherever it stands: its line, and the parts of the absolute name.

    What follows ``import`` in ``from x import y`` counts as a module: ``from .. import core`` imports core.
    """
    package = (*OURS, *path.parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, tuple(name.name.split("."))) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            yield from ((node.lineno, (*module, name.name)) for name in node.names)


def place(name: tuple[str, ...]) -> str | None:
    """The folder of plugin_utils that an import is of, or the kind of plugin; None: it isn't ours."""
    if name[: len(OURS)] != OURS:
        return None
    rest = name[len(OURS) :]
    return ".".join(rest[1:2] if rest[:1] == ("plugin_utils",) else rest[:1])


def wrong(path: Path, text: str) -> list[str]:
    """The imports of a file that its floor doesn't allow."""
    kind, *below = path.parts
    own = below[0] if kind == "plugin_utils" else kind
    allowed = {own, *FLOORS[own]} if kind == "plugin_utils" else {*PLUGIN_KINDS[kind]}
    found = []
    for line, name in imported(path, ast.parse(text)):
        if (there := place(name)) is not None and there not in allowed:
            found.append(f"{path}:{line}: {own} imports {'.'.join(name[len(OURS) :])}")
        if name[0] == "docker" and own != "providers":
            found.append(f"{path}:{line}: only a provider uses the SDK of its machines")
    return found


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_imports_only_from_below(path):
    assert wrong(path, (PLUGINS / path).read_text("utf-8")) == []


def names_compared(tree: ast.AST) -> list[int]:
    """The lines of a file that compare something with a provider's name, or choose by it."""
    return [
        getattr(node, "lineno", 0)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Compare, ast.MatchValue))
        and any(isinstance(part, ast.Constant) and part.value in registry.OURS for part in ast.walk(node))
    ]


OUTSIDE = [path for path in FILES if path.parts[:2] != ("plugin_utils", "providers")]


@pytest.mark.parametrize("path", OUTSIDE, ids=str)
def test_only_providers_know_their_names(path):
    assert names_compared(ast.parse((PLUGINS / path).read_text("utf-8"))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('spec["provider"] == "container"', [1]),
        ('name in ("container", "vm")', [1]),
        ('match name:\n    case "container":\n        pass', [2]),
        ('{"container": 1}', []),
        ('registry.find("container")', []),
    ],
)
def test_a_comparison_with_a_name_is_seen(text, found):
    assert names_compared(ast.parse(text)) == found


def test_every_file_is_on_a_floor():
    below = [path.relative_to("plugin_utils") for path in FILES if path.parts[0] == "plugin_utils"]
    assert [path for path in below if len(path.parts) == 1 and path.name != "__init__.py"] == []
    assert {path.parts[0] for path in below if len(path.parts) > 1} == set(FLOORS)


@pytest.mark.parametrize("path", [path for path in FILES if path.parts[0] == "plugin_utils"], ids=str)
def test_no_file_only_passes_on_what_others_have(path):
    body = ast.parse((PLUGINS / path).read_text("utf-8")).body
    imports = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
    own = [
        node
        for node in body
        if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr))
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    ]
    assert own or {getattr(node, "module", "") for node in imports} <= {"__future__"}


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("plugin_utils/rules/new.py", "from ..core import errors", 0),
        ("plugin_utils/rules/new.py", "from .spec import size", 0),
        ("plugin_utils/rules/new.py", "from ..work import checks", 1),
        ("plugin_utils/rules/new.py", "from .. import core, ledger", 1),
        ("plugin_utils/rules/new.py", "def ask():\n    from ..kube.drain import drain", 1),
        ("plugin_utils/rules/new.py", "if TYPE_CHECKING:\n    from ..context.session import Session", 1),
        ("plugin_utils/core/new.py", "import ansible_collections.csk.kubernetes.plugins.plugin_utils.rules.spec", 1),
        ("plugin_utils/providers/container/new.py", "from ...core.run import Run\nfrom ..base import Provider", 0),
        ("plugin_utils/providers/container/new.py", "from ...ledger import Ledger", 1),
        ("plugin_utils/providers/container/new.py", "def pull():\n    import docker.errors", 0),
        ("plugin_utils/artifacts/new.py", "def pull():\n    import docker.errors", 1),
        ("plugin_utils/control_planes/stacked/new.py", "from ...stacks import flannel", 1),
        ("plugin_utils/entry/new.py", "from ..context.session import Session", 1),
        ("action/new.py", "from ansible_collections.csk.kubernetes.plugins.plugin_utils.work import info", 0),
        ("action/new.py", "from ansible_collections.csk.kubernetes.plugins.plugin_utils.rules import spec", 1),
        ("action/new.py", "from ..plugin_utils.rules import spec", 1),
        ("module_utils/host/new.py", "from ansible_collections.csk.kubernetes.plugins.plugin_utils.core import run", 1),
        ("module_utils/host/new.py", "import os\nfrom ansible.module_utils.basic import AnsibleModule", 0),
    ],
)
def test_a_forbidden_import_is_seen_wherever_it_stands(path, text, found):
    assert len(wrong(Path(path), text)) == found


def test_the_page_says_the_same():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "architecture.md").read_text("utf-8").splitlines()
        if line.startswith("|")
    ]
    header, _line, *rows = rows
    assert header == ["folder", "holds", "may import"]
    said: dict[str, list[str]] = {}
    for folder, _holds, allowed in rows:
        every, _but, without = allowed.partition("all above but ")
        if allowed == "all above":
            said[folder] = list(said)
        elif not every and without:
            said[folder] = [above for above in said if above not in without.split(", ")]
        else:
            said[folder] = [] if allowed == "nothing of ours" else allowed.split(", ")
    assert {name: set(allowed) for name, allowed in said.items()} == {n: set(allowed) for n, allowed in FLOORS.items()}
    assert list(said) == list(FLOORS)
