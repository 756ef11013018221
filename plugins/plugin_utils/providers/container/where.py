# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Docker Engine is meant: the one that the user's docker command talks to, for the SDK and for Ansible alike."""

from __future__ import annotations

import os
import shutil
from typing import Any

from ansible import constants, context

from ...core.errors import CskError, Problem

DEFAULT_HOST = "unix:///var/run/docker.sock"
DEFAULT_CONTEXT = "default"


def engine_address() -> str:
    """The Engine's address, as docker's command line finds it: DOCKER_CONTEXT, DOCKER_HOST, then the current context.

    :raises CskError: for a context that isn't there.
    """
    chosen, host = os.environ.get("DOCKER_CONTEXT", ""), os.environ.get("DOCKER_HOST", "")
    if not chosen and host:
        return host
    try:
        from docker.context import ContextAPI
        from docker.context.config import get_current_context_name
    except ImportError:  # Engine.client says so
        return DEFAULT_HOST
    name = chosen or get_current_context_name()
    if name == DEFAULT_CONTEXT:
        return host or DEFAULT_HOST
    try:
        found = ContextAPI.get_context(name)
    except Exception:  # the user's own files can hold anything
        found = None
    if found is None or not found.Host:
        raise CskError(
            Problem(
                "DOCKER_CONTEXT" if chosen else "docker context",
                f"there is no docker context {name!r} that can be read.",
                "csk uses the Engine that the docker command uses.",
                "choose another one (docker context ls, docker context use default).",
            )
        )
    return str(found.Host).removeprefix("http+")


def connection(container: str) -> dict[str, Any]:
    """Ansible's connection variables for a container of the Engine.

    Measured, five hosts, two cores: a task takes 0.75 s through the command line, 1.0 s through the SDK, which each of
    Ansible's workers has to load.
    """
    # With DOCKER_TLS_VERIFY the docker command speaks TLS to a socket too, and no flag takes that back.
    by_command = bool(shutil.which("docker")) and not os.environ.get("DOCKER_TLS_VERIFY")
    variables: dict[str, Any] = {
        "ansible_connection": f"community.docker.{'docker' if by_command else 'docker_api'}",
        "ansible_host": container,
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_pipelining": True,
        "ansible_become": False,
    }
    if by_command:
        variables["ansible_docker_extra_args"] = f"-H {engine_address()}"
    else:
        variables["ansible_docker_docker_host"] = engine_address()
        variables |= {"ansible_docker_tls": False, "ansible_docker_validate_certs": False}
    # A container knows no user but root. Said only where needed: then each task asks for the Engine's version first.
    if constants.DEFAULT_REMOTE_USER or context.CLIARGS.get("remote_user"):
        variables["ansible_user"] = "root"
    return variables
