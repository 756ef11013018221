# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node image of a release: a Debian tree, made a node by role node in a build machine, flattened."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.tree import artifacts_digest, tree_digest
from ..base import BaseTree, NodeImages
from . import machine
from .engine import LABEL_RELEASE
from .store import BUILD_ARTIFACTS, IMAGE, LABEL_ARTIFACTS, Store
from .where import connection

LABEL_BASE = "csk.dev/base"
LABEL_NODE = "csk.dev/node"
BASE_IMAGE = "csk-base"
BASES_KEPT = 3  # other checkouts and suites have theirs
# what debootstrap and apt in the tree take from the user's environment
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
# In the machine's last seconds as a build machine; what each node makes for itself anew.
_FORGET = "rm -rf /root/.ansible /root/.cache /var/log/journal /var/cache/csk /var/tmp/* && : > /etc/machine-id"


class NodeImage(NodeImages):
    """Makes node images on one Engine.

    :param roles: the directories of roles node and node_image: their files are the recipe.
    :param say: shows a line of progress.
    """

    def __init__(self, store: Store, base: BaseTree, roles: Sequence[Path], say: Callable[[str], None]) -> None:
        self.store = store
        self.engine = store.engine
        self.base = base
        self.say = say
        self.recipe = hashlib.sha256(f"{base.digest()} {tree_digest(*roles)}".encode()).hexdigest()

    def make_base(self, *, check: bool = False) -> bool:
        """Make the base image if it isn't there; see NodeImages."""
        digest = self.base.digest()
        found = self.engine.image(f"{BASE_IMAGE}:{digest[:12]}")
        if self.base.image or found:
            return False
        if check:
            return True
        # of its own: another run may make one too
        work = f"base.{uuid.uuid4().hex[:12]}"
        cgroup = str(self.engine.host.cgroup_version)
        # the tree of a run that was killed is of no use to anybody
        self.engine.helper("find /data -maxdepth 1 -name 'base.*' -mmin +120 -exec rm -rf {} +", [])
        try:
            self.engine.helper(
                self.base.script.read_text(),
                [f"/data/{work}", self.base.mirror, self.base.suite, cgroup, *self.base.packages],
                host_tools=True,
                on_line=self.say,
                options=machine.privileges(self.engine.host),
                environment={key: os.environ[key] for key in PROXIES if key in os.environ},
            )
            self._import_tree(work, digest)
        finally:
            self.engine.helper(f"rm -rf /data/{work}", [])
        return True

    def _import_tree(self, work: str, digest: str) -> None:
        """The tree is root's on the Engine's host: a container that sees it gives it to us as a stream."""
        with machine.carrier(self.engine, {f"{self.engine.data_root}/{work}": "/data"}, read_only=True) as carrier:
            stream, _stat = self.engine.api.get_archive(carrier, "/data/tree/.")
            self._import(stream, BASE_IMAGE, digest[:12], {LABEL_BASE: digest})

    def current(self, release: str) -> bool:
        """Whether a release's image and store are those that its artifacts and the recipe would give."""
        image = self.engine.image(f"{IMAGE}:{release}")
        labels = (image["Config"].get("Labels") or {}) if image else {}
        artifacts = self._artifacts(release)
        return (
            labels.get(LABEL_NODE) == self.recipe
            and labels.get(LABEL_ARTIFACTS) == artifacts
            and self.store.state(release, artifacts) == "ok"
        )

    def wait(self, release: str) -> bool:
        """Wait for another run that makes this image, or the store; see NodeImages."""
        return self.store.wait_for_builder(release)

    def begin(self, release: str) -> dict[str, Any]:
        """Start the build machine; see NodeImages."""
        name = self.store.begin(release, self.base.image or f"{BASE_IMAGE}:{self.base.digest()[:12]}", None)
        return connection(name) | {"node_artifacts_on_host": BUILD_ARTIFACTS}

    def finish(self, release: str) -> None:
        """Flatten the build machine into the release's image, and its /var/lib/containerd into the release's store."""
        name, artifacts = self.store.build_machine(release), self._artifacts(release)
        machine.run(self.engine, name, ["sh", "-c", _FORGET])
        self.engine.api.stop(name, timeout=30)
        labels = {LABEL_RELEASE: release, LABEL_ARTIFACTS: artifacts, LABEL_NODE: self.recipe}
        self._import(self.engine.api.export(name), IMAGE, release, labels)
        self.store.finish(release, artifacts)
        self._remove_superseded()

    def _remove_superseded(self) -> None:
        """Images without a name go, but those that machines still run; so do old base images."""
        import docker

        unnamed = self.engine.api.images(filters={"label": [LABEL_NODE], "dangling": True})
        bases = self.engine.api.images(filters={"label": [LABEL_BASE]})
        superseded = sorted(bases, key=lambda image: -image["Created"])[BASES_KEPT:]
        for image in [*unnamed, *superseded]:
            with contextlib.suppress(docker.errors.APIError):
                self.engine.api.remove_image(image["Id"])

    def _artifacts(self, release: str) -> str:
        return artifacts_digest(self.store.artifacts / release)

    def _import(self, stream: Any, repository: str, tag: str, labels: dict[str, str]) -> None:
        changes = [f"LABEL {key}={value}" for key, value in labels.items()]
        with self.engine.patient() as api:
            api.import_image_from_stream(stream, repository, tag, [*changes, 'CMD ["/sbin/init"]'])
