# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release: one Kubernetes patch with every component's version, as releases/*.yml say it. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import CskError, Problem
from ..rules import versions


@dataclass(frozen=True)
class Component:
    """One component of a release.

    :param version: without v, for example ``3.6.16``.
    :param module: the Go module that it comes from, or ``csk`` for what csk brings itself.
    :param tag: the image's tag, as kubeadm of this release names it; empty for what has no image.
    """

    name: str
    version: str
    module: str
    tag: str = ""


@dataclass(frozen=True)
class Release:
    """One Kubernetes patch version and what belongs to it."""

    version: str
    components: dict[str, Component]

    def versions(self) -> dict[str, list[str]]:
        """Each component's version and tag, as they are compared with a manifest's."""
        return {name: [component.version, component.tag] for name, component in self.components.items()}


def parse(version: str, entry: dict[str, dict[str, Any]]) -> Release:
    """A release from its entry in a release file.

    :raises CskError: for a component without a version or a module.
    """
    try:
        components = {
            name: Component(name, str(part["version"]), part["module"], str(part.get("tag", "")))
            for name, part in entry.items()
        }
    except (KeyError, TypeError, AttributeError) as error:
        problem = Problem(
            f"releases: {version}",
            f"is incomplete ({error}).",
            "each component of a release has a version and a module.",
            "compare it with the files that csk ships.",
        )
        raise CskError(problem) from error
    return Release(version, components)


def of(version: str, minors: dict[str, versions.Minor]) -> Release:
    """The release that a user's word means: an exact version, or a minor for its newest patch.

    :raises CskError: for a version that isn't in the catalogue.
    """
    try:
        exact = versions.resolve(version, minors)
    except CskError as error:
        found = error.problems[0]
        raise CskError(Problem("csk_version", found.what, found.rule, found.fix)) from None
    return parse(exact, minors[versions.minor_of(exact)].releases[exact])
