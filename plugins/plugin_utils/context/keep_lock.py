# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that renews a lock: ``python keep_lock.py CLUSTER PID``; both are for people who look at processes.

What it needs comes by its standard input; ``holding.py`` starts it. It isn't imported through ``ansible_collections``:
there may be a package of that name, such as that of PyPI's ansible, which doesn't know of ours.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import types
from pathlib import Path

PACKAGE = "csk_plugin_utils"


def main() -> None:
    """Read what is given, let the caller go on, and renew the lock in a process that nobody waits for."""
    given = json.load(sys.stdin)
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # It ends with its run, and gives the lock back then, whatever the run was ended by.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.path[:] = given["path"]
    package = types.ModuleType(PACKAGE)
    package.__path__ = [str(Path(__file__).parents[1])]
    sys.modules[PACKAGE] = package
    importlib.import_module(f"{PACKAGE}.context.keeping").keep_for(given)


if __name__ == "__main__":
    main()
