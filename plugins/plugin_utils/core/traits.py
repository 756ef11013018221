# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What providers are like: what is asked of one in place of its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Traits:
    """What a provider's machines are, and what it can do with them.

    :param kernel: whether a machine has a kernel of its own, or shares that of its host with other machines.
    :param makes_machines: whether it makes them; else it takes those that it is given.
    :param stops_provably: whether a machine that it has stopped or removed is sure to do nothing any more.
    :param gives_addresses: whether a machine gets the address that the ledger chose; else it has its own.
    :param shares_disk: whether all machines of a host see one disk of it.
    :param bakes_images: whether machines start from an image that is made of a release beforehand.
    :param has_console: whether a machine can be reached without its network.
    """

    kernel: Literal["own", "shared"]
    makes_machines: bool
    stops_provably: bool
    gives_addresses: bool
    shares_disk: bool
    bakes_images: bool
    has_console: bool

    @property
    def isolation(self) -> str:
        """What a pod that is root on its machine can do beyond it, in a sentence."""
        if self.kernel == "own":
            return "a machine has a kernel of its own: a privileged pod is root of its machine, no more."
        return "machines share their host's kernel: a privileged pod is root of it, of every cluster and ledger there."
