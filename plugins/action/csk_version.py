# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""csk_version: which exact version a word means, and what may be done with it on a date."""

from __future__ import annotations

from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils import catalogue
from ansible_collections.csk.kubernetes.plugins.plugin_utils.action import CskAction
from ansible_collections.csk.kubernetes.plugins.plugin_utils.session import Session


class ActionModule(CskAction):
    """The work of csk_version."""

    module = "csk_version"

    def work(self, session: Session, values: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Judge one version, or the newest of each minor."""
        minors = session.minors
        asked = (
            [catalogue.resolve(values["version"], minors)] if values["version"] else [m.newest for m in minors.values()]
        )
        versions = []
        for version in asked:
            minor = minors[catalogue.minor_of(version)]
            dates = {"released": minor.released.isoformat(), "valid_until": minor.valid_until.isoformat()}
            verdict = vars(catalogue.judge(version, minors, session.today))
            versions.append({"minor": minor.name, **verdict, **dates})
        return {"changed": False, "versions": versions}
