# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""flannel, the network plugin; role network installs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

IMAGE = "ghcr.io/flannel-io/flannel"


def image(release: Mapping[str, Mapping[str, Any]]) -> str:
    """The network plugin's image in a release.

    :param release: the release's components, as the catalogue has them.
    """
    return f"{IMAGE}:{release['flannel']['tag']}"
