# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of csk_artifacts: a release's binaries and images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..artifacts import obtain
from ..artifacts.published import Places
from ..providers.container import pull
from .steps import Task


def obtain_release(task: Task) -> dict[str, Any]:
    """Make the release's artifacts be there and right."""
    session, values = task.session, task.values
    places = {
        name: values[f"upstream_{name}_url"].rstrip("/")
        for name in ("kubernetes", "containerd", "runc", "cni_plugins", "crictl")
    }
    request = obtain.Request(
        version=values["version"],
        source=values["source"],
        home=session.home,
        minors=session.minors,
        engine=pull.puller,
        places=Places(**places, registry=values["upstream_registry"].rstrip("/")),
        bundle=_path(values["bundle"]),
        bundle_to=_path(values["bundle_to"]),
        go_cache_dir=_path(values["go_cache_dir"]),
        keep_go_cache=values["keep_go_cache"],
    )
    return obtain.obtain(request, session.say, task.check)


def _path(value: str | None) -> Path | None:
    return Path(value).absolute() if value else None
