"""The pace of requests: as fast as the backend responds, until it responds with 429.

A rate limit is no violation of the contract. The first 429 slows the driver down to the rate that the
backend has let through; at the end a warning reports that rate.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from technogate.model.events import RunWarning

#: Seconds to wait after a 429 without Retry-After, doubled each time in a row.
DEFAULT_PAUSE_S = 0.5

#: The status of a response to a request beyond the rate limit.
TOO_MANY = 429

#: The longest single wait in seconds, whatever Retry-After requests.
LONGEST_S = 10.0

#: How often one request is sent while the backend responds with 429.
ATTEMPTS = 6

#: The share of the rate let through that is used from then on, so that no further 429 follows.
MARGIN = 0.9

#: Each further 429 makes the pace slower by this factor at least.
SLOWER = 1.25

#: Each request that is let through shortens the spacing by this factor: after one 429, and after more than one.
PROBING, FASTER = 0.95, 0.999

#: The window in which requests are counted, in seconds: limits by the minute are usual.
MEMORY_S = 60.0


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """A response of 429; `pause_s` is its Retry-After in seconds, None when it has none."""

    pause_s: float | None


class Pace:
    """Decides when the next request may be sent. One for each driver; may be used by several threads."""

    def __init__(
        self,
        note: Callable[[RunWarning], None] | None = None,
        *,
        measured: bool = True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`note` takes the one warning, at the end; `clock` and `sleep` are in seconds.

        Without `measured` no rate is derived from what was let through: only the pauses after a 429 are kept.
        """
        self._note = note
        self._measured = measured
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._pause_until = 0.0
        self._served: deque[float] = deque()
        self._spacing = 0.0
        self.refused = 0

    @property
    def slowed(self) -> bool:
        """Whether the backend has limited the rate so far."""
        return self.refused > 0

    @property
    def rate(self) -> float:
        """The most requests sent per second; 0 while the backend has set no limit."""
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

    def send(self, attempt: Callable[[int], T], limit_of: Callable[[T], RateLimit | None]) -> T:
        """The outcome of `attempt` (called with 0, 1, …), which is called again while its response is a 429.

        `limit_of` returns the rate limit that an outcome reports. After `ATTEMPTS` the last outcome is returned.
        """
        number = 0
        while True:
            self.wait()
            outcome = attempt(number)
            limit = limit_of(outcome)
            if limit is None:
                self.served()
                return outcome
            if not self.limited(limit.pause_s, number):
                return outcome
            number += 1

    def served(self) -> None:
        """Take into account that a request was let through."""
        if not self._measured:
            return
        with self._lock:
            now = self._clock()
            self._served.append(now)
            while self._served[0] < now - MEMORY_S:
                self._served.popleft()
            self._spacing *= PROBING if self.refused == 1 else FASTER

    def limited(self, retry_after_s: float | None, attempt: int) -> bool:
        """Take a 429 into account; `retry_after_s` is its Retry-After. False after the last attempt.

        The rate is estimated from the requests let through within the last seconds, as many as Retry-After
        asks for; other clients may have sent some as well. Requests that were under way at a 429 and are refused
        within its pause do not count again: a burst makes the pace slower once.
        """
        pause = DEFAULT_PAUSE_S * 2.0**attempt if retry_after_s is None else retry_after_s
        with self._lock:
            now = self._clock()
            self.refused += 1
            if now >= self._pause_until:
                window = min(max(1.0, pause), MEMORY_S)
                recent = sum(at > now - window for at in self._served)
                measured = window / (MARGIN * recent) if recent else 0.0
                self._spacing = max(measured, self._spacing * SLOWER)
                self._pause_until = now + min(pause, LONGEST_S)
            self._not_before = max(self._not_before, now + min(pause, LONGEST_S))
        return attempt + 1 < ATTEMPTS

    def report(self) -> None:
        """Report the pace in a warning, if the backend has limited it; does so once."""
        note, self._note = self._note, None
        if note is None or not self.slowed:
            return
        # After one refusal the estimate is too rough to be reported.
        about = f" to about {self.rate:{'.0f' if self.rate >= 10 else '.2g'}}/s" if self.refused > 1 else ""
        about = about if self._spacing else " and let nothing through"
        times = "once" if self.refused == 1 else f"{self.refused} times"
        note(RunWarning(text=f"the backend limits its rate{about}: slowed down; it responded 429 {times}"))


def rate_limit(status: int, retry_after_header: str | None, now: float) -> RateLimit | None:
    """The rate limit that a response with this status reports, None for any status but 429."""
    return RateLimit(pause_s=retry_after(retry_after_header, now)) if status == TOO_MANY else None


def retry_after(value: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header requests at the time `now`; None without a valid one."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
