"""How many wrong keys are sent to a backend that locks its clients out after some: the most telling ones first.

A lockout is no violation of the contract, and everything is refused while it lasts. What a target file declares is kept
from the first request on; else it shows by its first refusal, which comes right after a wrong key.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, foreign_key
from technogate.drivers.http.pace import LONGEST_S, MEMORY_S, ROUNDING_S
from technogate.drivers.http.request_window import RequestWindow
from technogate.model.case import Key
from technogate.model.events import RunWarning

#: Seconds that the requests of one process wait for a lockout to pass, in all, so that further keys can be tried.
PATIENCE_S = 180.0
#: How many attempts are made again, for another requirement.
REPEATED = 8
#: A lockout that comes in spite of the budget makes its window longer by this factor at least, and a minute or more.
LONGER = 1.25
#: How many wrong keys in a row are no reason to suspect a lockout.
HARMLESS = 2

#: The keys that are none, and those that several requirements are about on each operation.
_NONE = frozenset({NO_KEY.name, EMPTY_KEY.name})
_EVERYWHERE = frozenset({foreign_key().name, NO_KEY.name})

#: The name of an operation, and of a key that it is requested with.
Attempt = tuple[str, str]


class WrongKeys:
    """The budget of wrong keys of one backend; may be used by several threads."""

    def __init__(
        self,
        right: Key,
        *,
        window: RequestWindow | None = None,
        telling: frozenset[Attempt] = frozenset(),
        life: Callable[[], int] = lambda: 0,
        note: Callable[[RunWarning], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`window` is what the backend takes, as far as that is known; `telling` are the attempts that must be made.

        `life` changes when the backend is started again; `note` takes a warning when a lockout is met.
        """
        self.window = window
        self._right = right
        self._telling = telling
        self._life, self._number = life, life()
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.RLock()
        self._missing = False
        self._refused: deque[tuple[float, Key]] = deque()
        self._sent: deque[float] = deque()
        self._done: set[Attempt] = set()
        self._last_refused: Key | None = None
        self._waited_s = 0.0
        self._locked_until = 0.0

    @property
    def locked_out(self) -> bool:
        """Whether everything is refused now, because of wrong keys."""
        with self._lock:
            self._renew()
            return self._clock() < self._locked_until

    def counts(self, key: Key) -> bool:
        """Whether a request with `key` counts as a wrong one, as far as that is known."""
        return key.values != self._right.values and (self._missing or any(key.values))

    def refusal(self, operation: str, key: Key, *, plain: bool = True) -> str:
        """Why a request of `operation` is not sent with `key`; "" when it may be, after a wait where that is worth it.

        `plain` is whether nothing but its key can make it fail.
        """
        if self.window is None or not self.counts(key):
            return ""
        with self._lock:
            worth = plain and self._is_worth(operation, key)
            wait = self._wait_s(1 if worth else self._reserved + 1)
            if wait and (not worth or wait > LONGEST_S or self._waited_s + wait > PATIENCE_S):
                return f"not sent: the backend locks its client out after {self._limit()}"
            self._waited_s += wait
            self._sent.append(self._clock() + wait)
        if wait:
            self._sleep(wait)
        return ""

    def admits(self, key: Key) -> bool:
        """Whether a request with `key` can be sent that another one says as much as."""
        if self.window is None or not self.counts(key):
            return True
        with self._lock:
            return not self._wait_s(self._reserved + 1)

    def answered(self, operation: str, key: Key, *, refused: bool) -> None:
        """Take into account that the backend judged a request with `key`, and whether it refused it for that."""
        with self._lock:
            self._renew()
            self._done.add((operation, key.name))
            self._last_refused = key if refused and key.values != self._right.values else None
            if self._last_refused is not None:
                self._refused.append((self._clock(), key))

    def locked(self, key: Key, pause_s: float) -> bool:
        """Whether wrong keys are the reason why a request with `key` is refused for a while: then learn how many."""
        with self._lock:
            self._renew()
            now, last = self._clock(), self._last_refused
            if last is None:
                return False
            missing = self._missing or not any(last.values)
            recent = [at for at, sent in self._refused if at > now - MEMORY_S and (missing or any(sent.values))]
            if len(recent) <= HARMLESS:
                return False
            self._missing = missing
            self._learn(len(recent) - 1, now - recent[0] + pause_s + ROUNDING_S)
            # The lock is the end of what was counted.
            self._refused.clear()
            self._sent.clear()
            self._last_refused = None
            self._locked_until = now + pause_s
            if self.counts(key):
                # It is sent again after the pause.
                self._sent.append(now + pause_s)
            return True

    def _learn(self, most: int, per_s: float) -> None:
        """Take over what a lockout shows; one in spite of what is known makes that smaller, or its window longer."""
        if MEMORY_S / 2 < per_s <= MEMORY_S:
            # Limits by the minute are usual, and the first wrong key need not have begun it.
            per_s = MEMORY_S + ROUNDING_S
        known, self.window = self.window, RequestWindow(requests=most, per_s=per_s)
        if known is not None:
            self.window = RequestWindow(
                requests=min(most, known.requests), per_s=max(per_s, known.per_s * LONGER, MEMORY_S)
            )
            return
        self._note(
            RunWarning(
                text=f"the backend locks its client out after {self._limit()}: only the most telling wrong keys are "
                f"sent; say so with wrong_keys = {{ at_most = {most}, per_s = {max(per_s, MEMORY_S):.0f} }}"
            )
        )

    @property
    def _reserved(self) -> int:
        """How many telling attempts are left."""
        return sum(self._missing or name not in _NONE for _, name in self._telling - self._done)

    def _is_worth(self, operation: str, key: Key) -> bool:
        """Whether an attempt is worth a wait: a telling one, or another where that leaves time for those."""
        attempt, window = (operation, key.name), self.window
        if window is None or key.name in _EVERYWHERE or attempt in self._telling - self._done:
            return True
        needed_s = (self._reserved + REPEATED) / max(1, window.requests) * window.per_s
        return attempt not in self._done and self._waited_s + self._wait_s(1) + needed_s <= PATIENCE_S

    def _wait_s(self, room: int) -> float:
        """Seconds until so many wrong keys may be sent; without an end where the budget never holds them."""
        self._renew()
        window = self.window
        if window is None:
            return 0.0
        if room > window.requests:
            return float("inf")
        now = self._clock()
        while self._sent and self._sent[0] <= now - window.per_s:
            self._sent.popleft()
        before = window.requests - room
        return max(0.0, self._sent[-before - 1] + window.per_s - now) if len(self._sent) > before else 0.0

    def _renew(self) -> None:
        """Begin to count anew where the backend was started again."""
        if self._number != self._life():
            self._number = self._life()
            self._refused.clear()
            self._sent.clear()
            self._locked_until = 0.0
            self._last_refused = None

    def _limit(self) -> str:
        window = self.window
        return f"{window.requests + 1} wrong keys in {window.per_s:.0f} s" if window is not None else ""
