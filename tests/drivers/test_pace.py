"""The pace: as fast as the backend responds, and no faster than it allows."""

from __future__ import annotations

import email.utils

import pytest

from technogate.drivers.http.pace import ATTEMPTS, LONGEST_S, Pace, retry_after
from technogate.model.events import RunWarning


class Clock:
    """A clock that moves with each sleep."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.now += seconds


def test_no_limit_no_wait() -> None:
    """A backend that never responds with 429 is never waited for."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    for _ in range(100):
        pace.wait()
        pace.served()
    assert (clock.now, pace.slowed, pace.rate) == (1000.0, False, 0.0)


@pytest.mark.parametrize("rate", [5.0, 20.0, 100.0])
def test_the_pace_becomes_what_is_allowed(rate: float) -> None:
    """A limit is met with few 429s, most of its allowance is used, and one warning reports the rate."""
    clock, warnings, refused, served = Clock(), list[RunWarning](), 0, 0
    pace = Pace(warnings.append, clock=clock, sleep=clock.sleep)
    tokens, at, started = rate, clock.now, clock.now
    while served < 20 * rate:
        pace.wait()
        clock.now += 0.0005
        tokens, at = min(rate, tokens + (clock.now - at) * rate), clock.now
        if tokens >= 1:
            tokens -= 1
            served += 1
            pace.served()
        else:
            refused += 1
            assert pace.limited(float(int((1 - tokens) / rate) + 1), 0)
    assert refused <= 3 + served / 50
    assert served / (clock.now - started) > 0.6 * rate
    for _ in range(2):
        pace.report()
    assert len(warnings) == 1
    assert 0.5 * rate < pace.rate < 2 * rate
    assert "limits its rate to about" in warnings[0].text


def test_a_burst_that_is_refused_makes_the_pace_slower_once() -> None:
    """Fifty refused requests at the same time count once; later ones count again."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    for _ in range(90):
        pace.wait()
        clock.now += 0.01
        pace.served()
    pace.limited(1.0, 0)
    once = pace.rate
    for _ in range(49):
        clock.now += 0.001
        pace.limited(1.0, 0)
    assert pace.rate == once > 50
    assert pace.refused == 50
    clock.now += 1
    pace.limited(1.0, 0)
    assert pace.rate < once


def test_attempts_are_bounded() -> None:
    """The driver gives up on a backend that always returns 429, after bounded waits."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    attempts = 0
    while pace.limited(3600.0, attempts):
        pace.wait()
        attempts += 1
    assert attempts + 1 == ATTEMPTS
    assert clock.now - 1000 <= ATTEMPTS * LONGEST_S


def test_without_retry_after_each_pause_is_longer() -> None:
    """Without Retry-After the waits double."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    waits = []
    for attempt in range(4):
        before = clock.now
        pace.limited(None, attempt)
        pace.wait()
        waits.append(clock.now - before)
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_retry_after() -> None:
    """Retry-After is a number of seconds or a date; anything else is no value."""
    date = email.utils.formatdate(1_000_030, usegmt=True)
    assert retry_after("7", 0) == 7.0
    assert retry_after(date, 1_000_000) == 30.0
    assert retry_after(date, 2_000_000) == 0.0
    assert [retry_after(value, 0) for value in (None, "", "soon", "-1", "1.5", "²")] == [None] * 6
