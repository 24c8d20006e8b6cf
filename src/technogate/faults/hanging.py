"""Requests with slow responses, sent in the background and collected later (TMO-01).

Other items run while the timeout passes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from technogate.model.events import Event, Exchange


class HangingRequests:
    """Sends requests at once, each in a thread of its own, and keeps the exchanges.

    The senders write through `record`: it drops every event after `close`, because the journal may be closed too.
    """

    def __init__(self, record: Callable[[Event], None]) -> None:
        self._record = record
        self._lock = threading.Lock()
        self._closed = False
        self._exchanges: list[Exchange] = []
        self._failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def record(self, event: Event) -> None:
        """Record an event, unless this is closed."""
        with self._lock:
            if not self._closed:
                self._record(event)

    def start(self, sends: Sequence[Callable[[], Exchange]]) -> None:
        """Start the threads: each of `sends` sends one request and returns the exchange."""
        # Daemons: an interrupted session must not wait for responses.
        self._threads = [
            threading.Thread(target=self._send, args=(send,), name="hanging", daemon=True) for send in sends
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many have no response yet."""
        return sum(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        """Wait until every request has ended; each is bounded by its own time limit."""
        for thread in self._threads:
            thread.join()

    def collect(self) -> list[Exchange]:
        """Return every exchange; raises the error of a request that could not be sent."""
        self.wait()
        if self._failures:
            raise self._failures[0]
        return list(self._exchanges)

    def close(self) -> None:
        """Record nothing any more."""
        with self._lock:
            self._closed = True

    def _send(self, send: Callable[[], Exchange]) -> None:
        try:
            exchange = send()
        except Exception as failure:  # noqa: BLE001 - raised again in the thread that collects
            self._failures.append(failure)
            return
        self._exchanges.append(exchange)
