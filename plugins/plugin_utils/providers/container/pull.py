# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of registries: pulled and saved by the Docker Engine, under the names that kubeadm gives them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import CskError, Problem

if TYPE_CHECKING:
    import docker


def connect() -> docker.DockerClient:
    """The Docker Engine that the environment names, or the local one.

    :raises CskError: where there is none.
    """
    try:
        import docker

        engine = docker.from_env()
        engine.ping()
    except Exception as error:  # the SDK is missing, or one of its many errors
        raise _problem(
            f"upstream pulls images by a Docker Engine, and there is none ({error}).",
            "the published images come from a registry by a Docker Engine.",
            "start the Engine, or use the source modules or bundle.",
        ) from error
    return engine


def puller() -> Callable[[str, str, Path], dict[str, str]]:
    """``save`` by the Docker Engine that the environment names, or the local one.

    :raises CskError: where there is none.
    """
    return partial(save, connect())


def mirrored(name: str, mirror: str) -> str:
    """An image's name at a mirror, which takes the place of the registry.

    :param mirror: for example ``127.0.0.1:5000`` or ``mirror.example.org/k8s``; empty for none.
    """
    return f"{mirror}/{name.split('/', 1)[1]}" if mirror else name


def save(engine: docker.DockerClient, name: str, mirror: str, target: Path) -> dict[str, str]:
    """Pull an image and write it as an archive that names it as kubeadm does.

    What the Engine had before is left as it was.

    :returns: the image's ID and what it was made from: its name in the registry, with its digest.
    """
    import docker

    pulled = mirrored(name, mirror)
    before = _id(engine, name)
    had_pulled = _id(engine, pulled)
    try:
        repository, tag = pulled.rsplit(":", 1)
        image = engine.images.pull(repository, tag=tag)
        digests = [one for one in image.attrs.get("RepoDigests", []) if one.startswith(f"{repository}@")]
        if pulled != name:
            image.tag(*name.rsplit(":", 1))
        with target.open("wb") as file:
            for chunk in engine.api.get_image(name):
                file.write(chunk)
    except docker.errors.DockerException as error:
        raise _problem(
            f"{pulled} can't be had: {error}.",
            "upstream needs every image of the release (artifacts_upstream_registry names a mirror).",
            "check the Engine's network and proxy, or use the source modules or bundle.",
        ) from error
    finally:
        _restore(engine, name, before)
        _restore(engine, pulled, had_pulled)
    return {"id": str(image.id), "built_from": digests[0] if digests else pulled}


def _id(engine: docker.DockerClient, name: str) -> str:
    import docker

    try:
        return str(engine.images.get(name).id)
    except docker.errors.ImageNotFound:
        return ""


def _restore(engine: docker.DockerClient, name: str, identity: str) -> None:
    """Make a name mean what it meant before."""
    import docker

    try:
        if identity:
            engine.images.get(identity).tag(*name.rsplit(":", 1))
        else:
            engine.images.remove(name)
    except docker.errors.ImageNotFound:
        return


def _problem(what: str, rule: str, fix: str) -> CskError:
    return CskError(Problem("artifacts_source", what, rule, fix))
