# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider ``csk_test.machines.unfenced``: machines that it can't stop for certain, as somebody's own hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.csk.kubernetes.plugins.plugin_utils.providers.base import Provider

from ..wrapped.provider import WrappedProvider


class UnfencedProvider(WrappedProvider):
    """The same containers, which nobody stops but a person."""

    traits = replace(WrappedProvider.traits, stops_provably=False)

    def stop(self, cluster: str, names: Sequence[str]) -> None:
        """It can't; see Provider."""
        Provider.stop(self, cluster, names)


PROVIDER = UnfencedProvider
