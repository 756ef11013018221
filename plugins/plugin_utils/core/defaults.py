# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults of options that weren't there when something was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def completed(recorded: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Recorded settings with the defaults of options that came later, in dictionaries and lists of them too.

    :param options: an argument spec.
    """
    whole = dict(recorded)
    for key, option in options.items():
        value = whole.get(key, option.get("default"))
        inner = option.get("options")
        if inner and isinstance(value, Mapping):
            value = completed(value, inner)
        elif inner and isinstance(value, list):
            value = [completed(item, inner) if isinstance(item, Mapping) else item for item in value]
        whole[key] = value
    return whole
