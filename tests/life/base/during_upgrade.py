# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While the upgrade goes on, a service answers every request, and the API takes writes, of which none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from support.asker import Asker
from support.kube import UNAVAILABLE, Writer
from support.machines import MASTERS
from support.upgrades import SPACE, serve

from life.story import Life


@contextmanager
def asked(life: Life) -> Iterator[None]:
    """A client that keeps its connection, and one that never does."""
    kube, place = life.cluster.kube, serve(life.cluster, 2)
    for name in ("kept", "deleted-later"):  # for the restoration
        kube("create", "configmap", name, "-n", SPACE)
    with Asker(place, keep=True) as kept, Asker(place, keep=False) as fresh:
        yield
    assert (kept.failed, fresh.failed) == ([], [])
    assert min(kept.answered, fresh.answered) > 100


@contextmanager
def written(life: Life) -> Iterator[None]:
    """A client that writes through the endpoint, and reads all of it back from each master."""
    kube = life.cluster.kube
    # It waits for long: what was asked while the endpoint moved is answered, or ends at once.
    with Writer(kube.client(), "upgrade", patience=3 * UNAVAILABLE) as writer:
        yield
    print(f"longest without an acknowledged write: {writer.longest:.1f} s of {len(writer.acknowledged)} writes")
    assert writer.longest < UNAVAILABLE
    for name in MASTERS:
        assert not writer.lost(kube.client(f"https://{life.cluster.machines.address(name)}:6443"))


WATCHES = {"a service is asked": asked, "the API is written to": written}
