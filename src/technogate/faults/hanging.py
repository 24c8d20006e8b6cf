"""Requests whose answers take long, asked for in the background and collected late (TMO-01).

The wall clock of a time-out is then spent on other items.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from technogate.model.events import Event, Exchange


class HangingRequests:
    """Sends requests at once, each in a thread of its own, and keeps what came of each.

    `record` is to be given to whatever sends: it lets nothing into the journal any more once this is
    closed, for then the journal may be too.
    """

    def __init__(self, record: Callable[[Event], None]) -> None:
        self._record = record
        self._lock = threading.Lock()
        self._closed = False
        self._exchanges: list[Exchange] = []
        self._failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def record(self, event: Event) -> None:
        """Write an event down, unless this is closed."""
        with self._lock:
            if not self._closed:
                self._record(event)

    def start(self, sends: Sequence[Callable[[], Exchange]]) -> None:
        """Begin: each of `sends` sends one request and returns what came of it."""
        # Daemons: an interrupted session must not wait for answers.
        self._threads = [
            threading.Thread(target=self._send, args=(send,), name="hanging", daemon=True) for send in sends
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many have no answer yet."""
        return sum(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        """Wait until every request has ended; each is bounded by its own time limit."""
        for thread in self._threads:
            thread.join()

    def collect(self) -> list[Exchange]:
        """What came of each request; raises what kept one from being sent."""
        self.wait()
        if self._failures:
            raise self._failures[0]
        return list(self._exchanges)

    def close(self) -> None:
        """Let nothing into the journal any more."""
        with self._lock:
            self._closed = True

    def _send(self, send: Callable[[], Exchange]) -> None:
        try:
            exchange = send()
        except Exception as failure:  # noqa: BLE001 - told to whoever collects, in the thread that can tell it
            self._failures.append(failure)
            return
        self._exchanges.append(exchange)
