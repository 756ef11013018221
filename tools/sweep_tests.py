#!/usr/bin/env python3
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what an earlier run of the tests left: clusters named ``test-...``, other containers, and the tests' ledger.

The ledger of a broken run may be gone (CI works in a fresh clone), so the Engine's labels say what there is.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader
from common import BUILD, only_one, say

PREFIX = "test-"
LABEL = "csk.dev/test"  # of containers that are no machine of a cluster


def main() -> None:
    """Remove the clusters, then everything of the tests' csk_home but the artifacts, which are the user's."""
    init_plugin_loader([str(BUILD / "collections")])
    from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.container.provider import ContainerProvider

    user, tests = Path(os.environ["CSK_HOME"]), Path(os.environ["CSK_TEST_HOME"])
    with only_one("test-home"):
        provider = ContainerProvider(user / "artifacts")
        for name in sorted(provider.clusters()):
            if name.startswith(PREFIX):
                say(f"removing the cluster {name} of an earlier run of the tests")
                provider.delete(name)
        for container in provider.engine.api.containers(all=True, filters={"label": [LABEL]}):
            provider.engine.remove(container["Id"])
        for home in (user, tests):
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (user / "artifacts").mkdir(exist_ok=True)
        for left in tests.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()
        (tests / "artifacts").symlink_to(user / "artifacts")


if __name__ == "__main__":
    main()
