# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release's unpacked images, kept once on the Engine's host and given to each machine by hard links.

``store/<release>/containerd`` is a /var/lib/containerd as containerd left it; ``stamp`` beside it holds the digest of
the artifacts and is newer than every file of it, so that a file that somebody wrote in place is noticed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from ...core.errors import CskError, Problem
from ...core.run import Run
from ...core.tree import artifacts_digest
from . import machine
from .engine import LABEL_RELEASE, Engine

LABEL_ARTIFACTS = "csk.dev/artifacts"
LABEL_BUILD = "csk.dev/build"
IMAGE = "csk-node"
# Seconds that one run waits for another one's build: a slow one takes some minutes.
BUILD_TIMEOUT = 1200
# On the node: puts the archives of a directory into containerd, pinned. Role node installs it.
IMPORT_IMAGES = "/usr/local/lib/csk/import-images"
# Where a build machine sees the release's artifacts; beside the store's new copy, so not a part of the machine's image.
BUILD_ARTIFACTS = "/mnt"
# Where a machine finds the artifacts of the release that it is upgraded to: in one of its data directories.
DELIVERED_IN, DELIVERED = "containerd", "csk-release"

_STATE = r"""
store=/data/store/$release
state=ok
if [ ! -f "$store/stamp" ]; then state=missing
elif [ "$(cat "$store/stamp")" != "$digest" ]; then state=other
elif [ -n "$(find "$store/containerd" -newer "$store/stamp" -print -quit)" ]; then state=stale
fi
echo "store=$state"
"""

# arguments: release digest cluster cluster-id name...
_COPY = (
    r"""
release=$1 digest=$2 cluster=$3 id=$4; shift 4
umask 077
"""
    + _STATE
    + r"""
if [ $state != ok ]; then exit 0; fi
nodes=/data/nodes/$cluster
mkdir -p "$nodes"
# A killed run's helper goes on to its end; this one waits for it.
exec 9< /data/nodes
flock 9
if [ ! -f "$nodes/.cluster-id" ]; then echo "$id" > "$nodes/.cluster-id"; fi
if [ "$(cat "$nodes/.cluster-id")" != "$id" ]; then echo "other_id=$(cat "$nodes/.cluster-id")"; exit 0; fi
copy() {
  new=$nodes/.$1.new
  rm -rf "$new" "$nodes/$1"
  mkdir -p "$new/kubelet" "$new/etcd"
  # Layers are never written in place, so links will do; where there can't be any, blocks are shared if possible.
  if ! cp -al "$store/containerd" "$new/containerd" 2>/dev/null; then
    rm -rf "$new/containerd"
    cp -a --reflink=auto "$store/containerd" "$new/containerd"
  fi
  # What lies at the top of a plugin's directory is its database: written in place, so a copy of its own.
  (cd "$store/containerd" && find . -maxdepth 2 -type f) | while read -r file; do
    cp -p --remove-destination --reflink=auto "$store/containerd/$file" "$new/containerd/$file"
  done
  mv "$new" "$nodes/$1"
  echo "copied=$1"
}
for name in "$@"; do copy "$name" & done
wait
for name in "$@"; do [ -d "$nodes/$name" ]; done
"""
)

# arguments: cluster cluster-id-or-nothing name...; without names all of the cluster.
_REMOVE = r"""
cluster=$1 id=$2; shift 2
nodes=/data/nodes/$cluster
if [ ! -d "$nodes" ]; then exit 0; fi
exec 9< /data/nodes
flock 9
if [ -n "$id" ] && [ -f "$nodes/.cluster-id" ] && [ "$(cat "$nodes/.cluster-id")" != "$id" ]; then exit 0; fi
if [ $# -gt 0 ]; then
  for name in "$@"; do rm -rf "$nodes/$name" "$nodes/.$name.new"; done
else
  for tree in "$nodes"/* "$nodes"/.*.new; do rm -rf "$tree" & done
  wait
  rm -rf "$nodes"
fi
"""

# arguments: digest cluster name...; says which machines lack the artifacts of that digest.
_LACKING = r"""
digest=$1 nodes=/data/nodes/$2; shift 2
for name in "$@"; do
  if [ "$(cat "$nodes/$name/$part/.digest" 2> /dev/null)" != "$digest" ]; then echo "lacking=$name"; fi
done
"""

# arguments: digest cluster name...; what was sent is given to each machine by links, and ``.digest`` comes last.
_DELIVER = r"""
digest=$1 nodes=/data/nodes/$2; shift 2
sent=$nodes/.artifacts.new
chown -R 0:0 "$sent"
for name in "$@"; do
  target=$nodes/$name/$part
  rm -rf "$target"
  cp -al "$sent" "$target" 2> /dev/null || { rm -rf "$target"; cp -a --reflink=auto "$sent" "$target"; }
  echo "$digest" > "$target/.digest"
done
rm -rf "$sent"
"""

# arguments: cluster name...
_TAKE_BACK = r"""
nodes=/data/nodes/$1; shift
for name in "$@"; do rm -rf "$nodes/$name/$part"; done
"""

# arguments: release
_BEGIN = r"""
umask 077
rm -rf "/data/store/.$1.new"
mkdir -p "/data/store/.$1.new/containerd" "/data/store/.$1.new/artifacts"
"""

# arguments: release digest
_FINISH = r"""
new=/data/store/.$1.new
rm -rf "$new/artifacts" "$new/containerd/io.containerd.grpc.v1.introspection"
echo "$2" > "$new/stamp.new"
sync -f "$new"
# strictly newer than the last file that containerd wrote
sleep 0.02
touch "$new/stamp.new"
mv "$new/stamp.new" "$new/stamp"
if [ -d "/data/store/$1" ]; then mv "/data/store/$1" "/data/store/.$1.old"; fi
mv "$new" "/data/store/$1"
rm -rf "/data/store/.$1.old"
"""


class Store:
    """The stores of one Engine's host.

    :param artifacts: the directory with one directory of artifacts for each release, on the controller.
    """

    def __init__(self, engine: Engine, artifacts: Path) -> None:
        self.engine = engine
        self.artifacts = artifacts

    def state(self, release: str, digest: str) -> str:
        """``ok``, ``missing``, ``other`` (made from other artifacts) or ``stale`` (written to since it was made)."""
        return _value(self.engine.helper(f"release=$1 digest=$2\n{_STATE}", [release, digest]), "store")

    def copy(
        self, release: str, cluster: str, cluster_id: str, names: Sequence[str], on_copied: Callable[[str], None]
    ) -> None:
        """Make the directories of new machines, with the store's images; a store that isn't right is made anew first.

        :param on_copied: called with a machine's name as soon as its directories are complete.
        """
        digest = self.digest(release)

        def on_line(line: str) -> None:
            key, _mark, value = line.partition("=")
            if key == "copied":
                on_copied(value)

        arguments = [release, digest, cluster, cluster_id, *names]
        output = self.engine.helper(_COPY, arguments, on_line=on_line)
        if _value(output, "store") != "ok":
            if not self.wait_for_builder(release) or self.state(release, digest) != "ok":
                self.rebuild(release)
            output = self.engine.helper(_COPY, arguments, on_line=on_line)
        if other := _value(output, "other_id"):
            raise CskError(
                Problem(
                    f"{self.engine.data_root}/nodes/{cluster}",
                    f"it belongs to another cluster {cluster}, id {other}.",
                    "two clusters on one Engine have two names.",
                    "choose another name, or delete that cluster (from where it was made), or remove the directory.",
                )
            )

    def deliver(self, release: str, cluster: str, names: Sequence[str]) -> None:
        """Give machines a release's artifacts, sent to the Engine's host once."""
        digest = artifacts_digest(self.artifacts / release)
        output = self._with_part(_LACKING, [digest, cluster, *names])
        lacking = [line.partition("=")[2] for line in output.splitlines() if line.startswith("lacking=")]
        if not lacking:
            return
        new = f"{self.engine.data_root}/nodes/{cluster}/.artifacts.new"
        self.engine.helper('rm -rf "/data/nodes/$1/.artifacts.new"; mkdir "/data/nodes/$1/.artifacts.new"', [cluster])
        with machine.carrier(self.engine, {new: "/data"}) as name:
            machine.copy_tree(self.engine, name, self.artifacts / release, "/data")
        self._with_part(_DELIVER, [digest, cluster, *lacking])

    def take_back(self, cluster: str, names: Sequence[str]) -> None:
        """Remove the artifacts from machines."""
        self._with_part(_TAKE_BACK, [cluster, *names])

    def _with_part(self, script: str, arguments: Sequence[str]) -> str:
        return self.engine.helper(f"part={DELIVERED_IN}/{DELIVERED}\n{script}", arguments)

    def remove(self, cluster: str, cluster_id: str | None, names: Sequence[str] | None) -> None:
        """Remove the directories of some or all machines of a cluster; never a store."""
        self.engine.helper(_REMOVE, [cluster, cluster_id or "", *(names or [])])

    def digest(self, release: str) -> str:
        """The digest of the artifacts that a release's node image was made from."""
        image = self.engine.image(f"{IMAGE}:{release}")
        if not image:
            raise CskError(missing_image(release))
        return (image["Config"].get("Labels") or {}).get(LABEL_ARTIFACTS, "")

    @staticmethod
    def build_machine(release: str) -> str:
        """The name of a release's build machine."""
        return f"csk-build.{release}"

    def wait_for_builder(self, release: str) -> bool:
        """Wait while another run makes this release's image or store. Returns whether there was one.

        A build machine that a killed run left isn't waited for.
        """
        name, waited = self.build_machine(release), False
        end = time.monotonic() + BUILD_TIMEOUT
        while time.monotonic() < end:
            found = self.engine.api.containers(all=True, filters={"name": f"^/{name}$"})
            builder = found[0]["Labels"].get(LABEL_BUILD, "") if found else ""
            if not builder or _is_over(Run(**json.loads(builder))):
                return waited
            waited = True
            time.sleep(1)
        return waited

    def begin(self, release: str, image: str, unit: str | None, *, archives_only: bool = False) -> str:
        """Start a build machine whose /var/lib/containerd will be the release's store; returns the container's name.

        The release's artifacts are at BUILD_ARTIFACTS in it. An earlier build that was left there is removed.
        :param unit: the systemd unit to wait for; None: only that systemd runs.
        """
        name = self.build_machine(release)
        self.wait_for_builder(release)
        self.engine.remove(name)
        self.engine.helper(_BEGIN, [release])
        new = f"{self.engine.data_root}/store/.{release}.new"
        machine.create(
            self.engine,
            name,
            hostname="csk-build",
            image=image,
            binds={f"{new}/containerd": "/var/lib/containerd", f"{new}/artifacts": BUILD_ARTIFACTS},
            labels={LABEL_BUILD: json.dumps(asdict(Run.current()))},
            restart=False,
        )
        self.engine.api.start(name)
        machine.copy_tree(
            self.engine, name, self.artifacts / release, BUILD_ARTIFACTS, ["images"] if archives_only else None
        )
        machine.wait(self.engine, name, unit)
        return name

    def finish(self, release: str, digest: str) -> None:
        """Stop and remove the build machine, and put its images in the place of the release's store."""
        machine.stop_and_remove(self.engine, self.build_machine(release))
        self.engine.helper(_FINISH, [release, digest])

    def rebuild(self, release: str) -> None:
        """Make a release's store from its image archives, in a machine of its node image."""
        archives = self.artifacts / release / "images"
        if not archives.is_dir():
            raise CskError(
                Problem(
                    f"{self.engine.data_root}/store/{release}",
                    f"the unpacked images of {release} aren't there or were changed, and {archives} has no archives.",
                    "machines get their images from the store, and the store from the release's artifacts.",
                    f"ansible-playbook csk.kubernetes.artifacts -e csk_version={release}, then try again.",
                )
            )
        name = self.begin(release, f"{IMAGE}:{release}", "containerd", archives_only=True)
        machine.run(self.engine, name, [IMPORT_IMAGES, f"{BUILD_ARTIFACTS}/images"])
        self.finish(release, self.digest(release))


def missing_image(release: str) -> Problem:
    """The problem that there is no node image of a release."""
    return Problem(
        f"image {IMAGE}:{release}",
        "the Docker Engine doesn't have it.",
        f"machines boot the node image of their release (label {LABEL_RELEASE}).",
        f"ansible-playbook csk.kubernetes.node_image -e csk_version={release}",
    )


def _is_over(builder: Run) -> bool:
    me = Run.current()
    return builder == me or (me.is_here(builder) and builder.is_gone())


def _value(output: str, key: str) -> str:
    """The value of the first key=value line, or nothing."""
    for line in output.splitlines():
        if line.startswith(f"{key}="):
            return line.partition("=")[2]
    return ""
