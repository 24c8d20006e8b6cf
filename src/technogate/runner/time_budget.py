"""The time that a run and each of its items may take: what is over ends as a finding, or undecided, and is judged.

An item ends with an exception in the main thread of its process, whatever it waits for there. Setting up and tearing
down have limits of their own, and only the end of the run ends a set-up.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import msgspec
import pytest

from technogate.model.errors import UserError
from technogate.model.settings import IDLE_S, ITEM_S, MAX_TIME_S, Settings
from technogate.runner.run_context import RunContext
from technogate.runner.suite import HINT

#: Seconds until a second look, where an item cannot be ended now.
AGAIN_S = 0.05

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h)")
_UNITS = {"s": 1, "m": 60, "h": 3600}


class OutOfTime(pytest.skip.Exception):  # type: ignore[misc,name-defined]
    """The time of an item, or of the run, is over: like a skip, so that nothing takes it for what the target did."""


class TimeBudget:
    """The time of one process of a run."""

    def __init__(
        self, settings: Settings, waited_s: Callable[[], float], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`waited_s` is how long the process has waited for a rate limit so far: that is no time of an item.

        `clock` counts as `settings.ends_at` does, in seconds.
        """
        self._settings = settings
        self._waited_s = waited_s
        self._clock = clock
        self._begun = self._latest = (0.0, 0.0)

    @property
    def run_is_over(self) -> bool:
        """Whether the time of the run is over."""
        return 0 < self._settings.ends_at <= self._clock()

    def note(self, _event: object) -> None:
        """Take into account that the item has got on: an event was recorded."""
        self._latest = self._clock(), self._waited_s()

    def require_time(self) -> None:
        """Begin no item when the time of the run is over; raises OutOfTime."""
        if self.run_is_over:
            self._end_run("did not run")

    @contextmanager
    def bounded(self, *, item: bool) -> Iterator[None]:
        """End what runs within the context when its time is over: an `item`, or else only with the run."""
        if not hasattr(signal, "setitimer"):
            # Windows has no such timer: the run as a whole is ended from outside.
            yield
            return
        self._begun = self._latest = self._clock(), self._waited_s()
        before = signal.signal(signal.SIGALRM, lambda _number, frame: self._look(frame, item))
        try:
            self._arm(item)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _look(self, frame: FrameType | None, item: bool) -> None:
        """See what is over, and end that; raises OutOfTime."""
        if _writes(frame):
            # A line of the journal that is written in part, or not known to be written, would damage it.
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
            return
        if self.run_is_over:
            self._end_run("was ended")
        if item:
            for since, limit_s, what in self._limits():
                if self._left(since, limit_s) <= 0:
                    self._raise(
                        f"the item was ended: it {what} {limit_s:g} s",
                        "find what it waited for in the journal's last exchanges of this item, then run it again",
                    )
        self._arm(item)

    def _arm(self, item: bool) -> None:
        """Have the next look when something may be over."""
        left = [self._left(since, limit_s) for since, limit_s, _ in self._limits()] if item else []
        if self._settings.ends_at:
            left.append(self._settings.ends_at - self._clock())
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(AGAIN_S, min(left)))

    def _limits(self) -> Iterator[tuple[tuple[float, float], float, str]]:
        yield self._begun, ITEM_S[self._settings.profile], "took more than"
        yield self._latest, IDLE_S, "sent and received nothing for"

    def _left(self, since: tuple[float, float], limit_s: float) -> float:
        at, waited = since
        return limit_s - (self._clock() - at) + (self._waited_s() - waited)

    def _end_run(self, what: str) -> NoReturn:
        given = in_words(self._settings.max_time_s)
        self._raise(
            f"the item {what}: the time of the run, {given}, was over", "give the run more time with --max-time"
        )

    @staticmethod
    def _raise(reason: str, hint: str) -> NoReturn:
        raise OutOfTime(reason + HINT + hint)


def seconds_of(text: str) -> float:
    """The seconds of a duration such as `90s`, `10m` or `1h`; raises UserError."""
    found = _DURATION.fullmatch(text)
    if found is None or not int(found[1]):
        raise UserError(f"--max-time {text!r} is no duration: write a number with s, m or h, such as 90s, 10m or 1h")
    return float(int(found[1]) * _UNITS[found[2]])


def in_words(seconds: float) -> str:
    """The duration as `--max-time` takes it: `90s`, `10m`, `1h`."""
    unit = next(unit for unit in ("h", "m", "s") if seconds % _UNITS[unit] == 0 or unit == "s")
    return f"{seconds / _UNITS[unit]:g}{unit}"


def given_time(settings: Settings, max_time: str) -> Settings:
    """The settings of a run that begins now and may take `max_time`, "" for the default of its profile.

    Raises UserError for what is no duration.
    """
    seconds = seconds_of(max_time) if max_time else MAX_TIME_S[settings.profile]
    return msgspec.structs.replace(settings, max_time_s=seconds, ends_at=time.monotonic() + seconds)


def _writes(frame: FrameType | None) -> bool:
    """Whether a line of the journal is being written where the timer interrupted."""
    while frame is not None:
        if frame.f_code is RunContext.record.__code__:
            return True
        frame = frame.f_back
    return False
