# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that asks a service all the time, without trying anything twice."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field

TIMEOUT = 1  # of a request, in seconds
PAUSE = 0.1


@dataclass
class Asker:
    """Asks ``http://PLACE/`` ten times a second.

    :param keep: on one connection, for as long as the server keeps it; else on a new one each time.
    :param failed: every request that wasn't answered well, and why.
    """

    place: str
    keep: bool
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Asker:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _work(self) -> None:
        connection = http.client.HTTPConnection(self.place, timeout=TIMEOUT)
        while not self._stop.is_set():
            started = time.time()
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.HTTPStatus.OK:
                    raise http.client.HTTPException(answer.reason)
                self.answered += 1
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{started:.1f}: {error!r}")
                connection.close()
            if not self.keep:
                connection.close()
            time.sleep(PAUSE)
