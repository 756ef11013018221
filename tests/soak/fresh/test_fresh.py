# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make on a Debian that has only make and git: it installs what is missing, once, and then all of it works.

The tests follow on each other.
"""

from __future__ import annotations

import re

from .conftest import Machine

PROGRAMS = ("python3", "gcc", "pkg-config", "debootstrap", "pigz", "go")
PACKAGES = ("ca-certificates", "debootstrap", "gcc", "libc6-dev", "libseccomp-dev", "pigz", "python3", "python3-venv")
# runc is the component that needs a C compiler, a library and pkg-config. Go comes from PyPI.
BUILD = """
from pathlib import Path
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([str(Path("build", "collections").resolve())])
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts import builder, golang, modules, release, store
home = store.Store(Path.home() / ".csk")
components = modules.components(release.load("1.36"))
assert not builder.problems([one for one in components if one.name != "debian"])
caches = golang.Caches(home.home / "cache" / "go", own=True)
with home.locked(print):
    wanted = [one for one in components if one.name in ("debian", "pause", "runc")]
    go = modules.find_go(wanted, home, print)
    for one in wanted:
        modules.build_component(home, one, go, caches)
    caches.bound(0)
    assert not modules.missing(home, wanted)
"""


def there(fresh: Machine, *programs: str) -> list[str]:
    """Those programs that the machine has."""
    found = fresh.run("sh", "-c", 'for one; do command -v "$one"; done; :', "sh", *programs).text
    return [line.rpartition("/")[2] for line in found.split()]


def test_help_needs_nothing(fresh: Machine) -> None:
    assert there(fresh, *PROGRAMS, "dockerd") == []
    assert re.search(r"^  make up +Make the demo cluster", fresh.good("make", "help"), re.MULTILINE)
    assert fresh.good("git", "status", "--porcelain", "--ignored") == ""


def test_who_may_not_install_is_told_all_that_is_missing(fresh: Machine) -> None:
    fresh.good("chmod", "755", "/root")
    outcome = fresh.run("make", "prepare", user="nobody")
    assert outcome.code != 0
    (said,) = re.findall(r"apt-get install (.*)", outcome.text)
    assert {*PACKAGES, "pkg-config"} <= set(said.split())


def test_what_is_missing_is_installed_at_once(fresh: Machine) -> None:
    said = fresh.good("make", "prepare")
    assert said.count("-- installing Debian packages") == 1
    assert fresh.good("grep", "-c", "^+ .* install ", "build/apt.log").strip() == "1"
    assert there(fresh, *PROGRAMS) == [program for program in PROGRAMS if program != "go"]
    fresh.good("dpkg-query", "--show", *PACKAGES)
    assert fresh.good("test", "-x", ".venv/bin/ansible-playbook") == ""
    assert fresh.good("git", "status", "--porcelain") == ""


def test_the_second_time_nothing_is_done(fresh: Machine) -> None:
    assert "--" not in fresh.good("make", "prepare")
    for tool in ("start_engine.py", "make_venv.py"):
        assert fresh.good("python3", f"tools/{tool}") == ""


def test_the_checks_pass(fresh: Machine) -> None:
    fresh.good("make", "lint")


def test_what_needs_a_compiler_is_built(fresh: Machine) -> None:
    said = fresh.good(".venv/bin/python", "-c", BUILD)
    assert "this machine has no Go" in said
    (runc,) = fresh.good("sh", "-c", "echo ~/.csk/artifacts/components/runc-*/bin/runc").split()
    assert "libseccomp" in fresh.good(runc, "--version")
