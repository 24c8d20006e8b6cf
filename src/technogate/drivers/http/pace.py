"""The pace of requests: as fast as the backend responds, and no faster than it allows.

A rate limit is no violation of the contract. What a target file declares is kept from the first request on; else the
first 429 shows it. After that the driver waits as long as Retry-After asks for, and sends no more than was let through.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from technogate.drivers.http.request_window import RequestWindow
from technogate.model.events import RunWarning

#: Seconds to wait after a 429 without Retry-After, doubled each time in a row.
DEFAULT_PAUSE_S = 0.5

#: The status of a response to a request beyond the rate limit.
TOO_MANY = 429

#: The longest single wait in seconds: a backend that asks for more is not waited for.
LONGEST_S = 90.0

#: How often one request is sent while the backend responds with 429, and the seconds that it is waited for in all.
ATTEMPTS, PATIENCE_S = 6, 200.0

#: The share of the rate let through that is used from then on, so that no further 429 follows.
MARGIN = 0.9

#: Each further 429 makes the pace slower by this factor at least.
SLOWER = 1.25

#: Each request that is let through shortens the spacing by this factor: after one 429, and after more than one.
PROBING, FASTER = 0.95, 0.999

#: The window in which requests are counted, in seconds: limits by the minute are usual.
MEMORY_S = 60.0

#: A pause of so many seconds belongs to a limit by the window: the requests come in bursts. A shorter one spaces them.
WINDOW_PAUSE_S = 2.0

#: Seconds by which a learned window is longer than it seems: Retry-After has whole seconds.
ROUNDING_S = 1.0

#: How much longer than a window what was sent in it is counted, and the seconds by which at least.
SLACK, LEAST_SLACK_S = 1.02, 0.1


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """A response that refuses a request for a while; `pause_s` is its Retry-After in seconds, None when it has none.

    `lockout` is whether wrong keys are the reason: then it says nothing of a rate.
    """

    pause_s: float | None
    lockout: bool = False


class Pace:
    """Decides when the next request may be sent. One for each backend; may be used by several threads."""

    def __init__(
        self,
        note: Callable[[RunWarning], None] | None = None,
        *,
        window: RequestWindow | None = None,
        measured: bool = True,
        life: Callable[[], int] = lambda: 0,
        learned: Callable[[RequestWindow], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`note` takes the one warning, at the end; `clock` and `sleep` are in seconds.

        `window` is what the backend takes, as far as that is known; `learned` is called with one that a 429 shows.
        `life` changes when the backend is started again: it has counted nothing yet. Without `measured` no rate is
        derived from what was let through: only the pauses after a 429 are kept.
        """
        self.window = window.in_parts() if window is not None else None
        self.refused = 0
        self.waited_s = 0.0
        self._note = note
        self._measured = measured
        self._life, self._number = life, life()
        self._learned = learned
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._not_before = self._pause_until = 0.0
        self._sent: deque[float] = deque()
        self._served: deque[float] = deque()
        self._counted_from: float | None = None
        self._spacing = 0.0
        self._gave_up = False

    @property
    def slowed(self) -> bool:
        """Whether the backend has limited the rate so far."""
        return self.refused > 0

    @property
    def rate(self) -> float:
        """The most requests sent per second; 0 while the backend has set no limit."""
        spaced = 1 / self._spacing if self._spacing else 0.0
        return spaced or (self.window.rate if self.window is not None else 0.0)

    def wait(self) -> None:
        """Sleep until the next request may be sent."""
        with self._lock:
            at = self._free_at(1)
            self._counted_from = at if self._counted_from is None else self._counted_from
            self._sent.append(at)
            if self._spacing:
                self._not_before = at + self._spacing
        self._sleep_until(at)

    def spent(self) -> None:
        """Take into account a request that was sent, and let through, without this pace."""
        with self._lock:
            now = self._clock()
            self._sent.append(now)
            self._served.append(now)

    def has_room(self, requests: int) -> bool:
        """Whether so many requests may be sent now without a wait, or all that the window holds."""
        with self._lock:
            return self.window is None or self._free_at(min(requests, self.window.requests)) <= self._clock()

    def make_room(self, requests: int) -> None:
        """Sleep until so many requests may be sent without a wait in between, or all that the window holds."""
        with self._lock:
            if self.window is None:
                return
            at = self._free_at(min(requests, self.window.requests))
        self._sleep_until(at)

    def send(self, attempt: Callable[[int], T], limit_of: Callable[[T], RateLimit | None]) -> T:
        """The outcome of `attempt` (called with 0, 1, …), which is called again while its response is a 429.

        `limit_of` returns the rate limit that an outcome reports. When the backend asks for too long a pause, and after
        `ATTEMPTS`, the last outcome is returned: it is no answer to the request.
        """
        number = 0
        while True:
            self.wait()
            outcome = attempt(number)
            limit = limit_of(outcome)
            if limit is None:
                self.served()
                return outcome
            if not self.limited(limit.pause_s, number, lockout=limit.lockout):
                return outcome
            number += 1

    def served(self) -> None:
        """Take into account that a request was let through."""
        with self._lock:
            now = self._clock()
            self._gave_up = False
            self._served.append(now)
            while self._served[0] < now - MEMORY_S:
                self._served.popleft()
            self._spacing *= PROBING if self.refused == 1 else FASTER

    def limited(self, retry_after_s: float | None, attempt: int, *, lockout: bool = False) -> bool:
        """Take a 429 into account; `retry_after_s` is its Retry-After. False when it is not worth another attempt.

        Requests that were under way at a 429 and are refused within its pause do not count again: a burst makes the
        pace slower once. After a request that was given up, others are tried once until one is let through.
        """
        pause = DEFAULT_PAUSE_S * 2.0**attempt if retry_after_s is None else retry_after_s
        with self._lock:
            now = self._clock()
            self.refused += not lockout
            again = pause <= LONGEST_S and not self._gave_up
            if again and now >= self._pause_until:
                if self._measured and not lockout:
                    self._learn(now, pause)
                self._pause_until = now + pause
                self._counted_from = None
            if again:
                self._not_before = max(self._not_before, now + pause)
            again = again and attempt + 1 < ATTEMPTS and (attempt + 1) * pause < PATIENCE_S
            self._gave_up = not again
        return again

    def report(self) -> None:
        """Report the pace in a warning, if the backend has limited it; does so once."""
        note, self._note = self._note, None
        if note is None or not self.slowed:
            return
        # After one refusal the estimate is too rough to be reported.
        about = f" to about {self.rate:{'.0f' if self.rate >= 10 else '.2g'}}/s" if self.refused > 1 else ""
        about = about if self.rate else " and let nothing through"
        times = "once" if self.refused == 1 else f"{self.refused} times"
        note(RunWarning(text=f"the backend limits its rate{about}: slowed down; it responded 429 {times}"))

    def _learn(self, now: float, pause: float) -> None:
        """Estimate what the backend allows from the requests let through; other clients may have sent some as well."""
        if pause < WINDOW_PAUSE_S:
            window = min(max(1.0, pause), MEMORY_S)
            recent = sum(at > now - window for at in self._served)
            measured = window / (MARGIN * recent) if recent else 0.0
            self._spacing = max(measured, self._spacing * SLOWER)
            return
        begun = self._counted_from if self._counted_from is not None else now
        per_s = now - begun + pause
        if pause < MEMORY_S < per_s - ROUNDING_S:
            # Its windows are shorter than the time since the first request: minutes, most likely.
            begun, per_s = now + pause - MEMORY_S - ROUNDING_S, MEMORY_S
        count = sum(at >= begun for at in self._served)
        if not count:
            return
        found = RequestWindow(requests=count, per_s=per_s + ROUNDING_S)
        if self.window is None or found.rate < self.window.rate:
            if self.window is not None and found.requests < self.window.requests / 2:
                # Somebody else spent the rest.
                found = RequestWindow(requests=self.window.requests // 2, per_s=self.window.per_s)
            self.window = found
            self._learned(found)

    def _free_at(self, requests: int) -> float:
        """When so many requests may be sent in a row, at the earliest. Within the lock."""
        now = self._clock()
        if self._number != self._life():
            self._number = self._life()
            self._not_before = self._pause_until = 0.0
            self._counted_from, self._gave_up = None, False
            self._sent.clear()
            self._served.clear()
        memory = 2 * max(MEMORY_S, self.window.per_s if self.window is not None else 0.0)
        while self._sent and self._sent[0] < now - memory:
            self._sent.popleft()
        at = max(now, self._not_before)
        if self.window is not None:
            before = self.window.requests - requests
            if len(self._sent) > before:
                # A request arrives later than it was let go, and not always by as much.
                at = max(at, self._sent[-before - 1] + self.window.per_s * SLACK + LEAST_SLACK_S)
        return at

    def _sleep_until(self, at: float) -> None:
        """Sleep until `at`, and longer when a 429 meanwhile asks for that."""
        while (until := max(at, self._pause_until)) > (now := self._clock()):
            self.waited_s += until - now
            self._sleep(until - now)


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
