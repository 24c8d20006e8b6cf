"""The pace at which a backend lets itself be asked: as fast as it answers, until it says 429.

A limit of the rate is no violation of the contract. The first 429 slows the driver down to what the
backend has shown to allow; in the end a note says to what.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from technogate.model.events import RunWarning

#: Seconds to wait after a 429 that does not say how long, doubled each time in a row.
UNTOLD_S = 0.5

#: The longest single wait in seconds, whatever a backend asks for.
LONGEST_S = 10.0

#: How often one case is sent again after 429.
TIMEOUT = 6

#: What is taken of the rate that a backend has shown to allow, so that it need not say 429 again.
MARGIN = 0.9

#: Each further 429 makes the pace slower by this factor at least.
SLOWER = 1.25

#: Each request that is let through makes it faster by this factor: at first, and once a second 429 has come.
PROBING, FASTER = 0.95, 0.999

#: How far back the pace is remembered, in seconds: limits by the minute are usual.
MEMORY_S = 60.0


class Pace:
    """When the next request may be sent. One for each driver; may be used by several threads."""

    def __init__(
        self,
        note: Callable[[RunWarning], None] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`note` takes the one note, in the end; `clock` and `sleep` are in seconds."""
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._told_until = 0.0
        self._served: deque[float] = deque()
        self._spacing = 0.0
        self.refused = 0

    @property
    def slowed(self) -> bool:
        """Whether the backend has limited its rate so far."""
        return self.refused > 0

    @property
    def rate(self) -> float:
        """Requests per second that are sent at most; 0 while the backend has set no limit."""
        return 1 / self._spacing if self._spacing else 0.0

    def wait(self) -> None:
        """Sleep until the next request may be sent."""
        with self._lock:
            now = self._clock()
            at = max(now, self._not_before)
            if self._spacing:
                self._not_before = at + self._spacing
        if at > now:
            self._sleep(at - now)

    def served(self) -> None:
        """Take into account that a request was let through."""
        with self._lock:
            now = self._clock()
            self._served.append(now)
            while self._served[0] < now - MEMORY_S:
                self._served.popleft()
            self._spacing *= PROBING if self.refused == 1 else FASTER

    def limited(self, asked_s: float | None, attempt: int) -> bool:
        """Take a 429 into account; `asked_s` is its Retry-After. False when patience is at an end.

        A backend that asks for a pause of so many seconds has let through what it did within as many:
        that tells the rate, if roughly, for others may have asked as well. What was under way at a 429 and is
        refused within its pause tells nothing more: a burst makes the pace slower once.
        """
        pause = UNTOLD_S * 2.0**attempt if asked_s is None else asked_s
        with self._lock:
            now = self._clock()
            self.refused += 1
            if now >= self._told_until:
                window = min(max(1.0, pause), MEMORY_S)
                recent = sum(at > now - window for at in self._served)
                measured = window / (MARGIN * recent) if recent else 0.0
                self._spacing = max(measured, self._spacing * SLOWER)
                self._told_until = now + min(pause, LONGEST_S)
            self._not_before = max(self._not_before, now + min(pause, LONGEST_S))
        return attempt + 1 < TIMEOUT

    def tell(self) -> None:
        """Note what the pace has become, if the backend has limited it; does so once."""
        note, self._note = self._note, None
        if note is None or not self.slowed:
            return
        # One refusal tells the rate too roughly to be told on.
        about = f" to about {self.rate:{'.0f' if self.rate >= 10 else '.2g'}}/s" if self.refused > 1 else ""
        about = about if self._spacing else " and let nothing through"
        times = "once" if self.refused == 1 else f"{self.refused} times"
        note(RunWarning(text=f"the backend limits its rate{about}: slowed down; it answered 429 {times}"))


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header asks for at the time `now`; None when it says none."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
