# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_artifacts: a release's binaries and images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.obtain import Request, obtain
from ansible_collections.csk.kubernetes.plugins.plugin_utils.artifacts.published import Places
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session


class ActionModule(CskAction):
    """The work of csk_artifacts."""

    module = "csk_artifacts"

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Make the release's artifacts be there and right."""
        del task_vars
        places = {
            name: values[f"upstream_{name}_url"].rstrip("/")
            for name in ("kubernetes", "containerd", "runc", "cni_plugins", "crictl")
        }
        request = Request(
            version=values["version"],
            source=values["source"],
            home=session.home,
            releases=session.catalogue_folder,
            places=Places(**places, registry=values["upstream_registry"].rstrip("/")),
            bundle=_path(values["bundle"]),
            bundle_to=_path(values["bundle_to"]),
            go_cache_dir=_path(values["go_cache_dir"]),
            keep_go_cache=values["keep_go_cache"],
        )
        return obtain(request, session.say, self.check_mode)


def _path(value: str | None) -> Path | None:
    return Path(value).absolute() if value else None
