# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New machines, and running one thing in many processes at the same moment."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible_collections.csk.kubernetes.plugins.plugin_utils.core.models import NewMachine

NOW = datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=UTC)
FORK = multiprocessing.get_context("fork")  # as Ansible makes its workers


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Return what ``work(0)`` to ``work(count - 1)`` return or raise, in processes started together."""
    barrier, results = FORK.Barrier(count), FORK.Queue()

    def body(number: int) -> None:
        barrier.wait()
        try:
            results.put((number, work(number)))
        except Exception as error:
            results.put((number, RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=3)}")))

    processes = [FORK.Process(target=body, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    found = dict(results.get(timeout=120) for _process in processes)
    for process in processes:
        process.join()
    return [found[number] for number in range(count)]


def errors(results: list[Any]) -> list[str]:
    """Return the messages of those that failed."""
    return [str(result) for result in results if isinstance(result, RuntimeError)]


def masters(count: int) -> list[NewMachine]:
    return [NewMachine("master", None, f"zone-{n}", "create", NOW) for n in range(count)]


def workers(count: int, pool: str = "default") -> list[NewMachine]:
    return [NewMachine("worker", pool, "zone-a", "scale", NOW)] * count
