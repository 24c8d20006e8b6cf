"""The pace: as fast as the backend responds, and no faster than it allows."""

from __future__ import annotations

import email.utils
import math

import pytest

from technogate.drivers.http.pace import ATTEMPTS, LONGEST_S, PATIENCE_S, Pace, RateLimit, retry_after
from technogate.drivers.http.request_window import LONGEST_WINDOW_S, RequestWindow
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


@pytest.mark.parametrize("pause", [0.5, 10.0, 60.0, 90.0])
def test_attempts_are_bounded(pause: float) -> None:
    """A backend that always returns 429 is given up after bounded waits, and the next request does not wait at all."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    sent: list[float] = []

    def refused(_: int) -> str:
        sent.append(clock.now)
        return "429"

    assert pace.send(refused, lambda _: RateLimit(pause_s=pause)) == "429"
    assert 1 < len(sent) <= ATTEMPTS
    assert clock.now - 1000 < PATIENCE_S
    before = len(sent), clock.now
    for _ in range(3):
        pace.send(refused, lambda _: RateLimit(pause_s=pause))
    assert (len(sent), clock.now) == (before[0] + 3, max(before[1], sent[before[0] - 1] + pause))
    pace.send(lambda _: "200", lambda _: None)
    pace.send(refused, lambda _: RateLimit(pause_s=pause))
    assert len(sent) > before[0] + 4


def test_a_pause_that_is_too_long_is_not_waited_for() -> None:
    """A request that may come again in an hour is given up at once, and holds up no other."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    for _ in range(3):
        assert pace.send(lambda _: "429", lambda _: RateLimit(pause_s=LONGEST_S + 1)) == "429"
    assert clock.now == 1000.0


class ByTheMinute:
    """A backend that takes so many requests in a window, and says when the next one begins."""

    def __init__(self, clock: Clock, requests: int, per_s: float, *, sliding: bool = False) -> None:
        self.clock = clock
        self.requests = requests
        self.per_s = per_s
        self.sliding = sliding
        self.taken: list[float] = []
        self.begun = clock.now
        self.refused = 0

    def __call__(self, _: int = 0) -> float | None:
        """Take a request: None, or the seconds of Retry-After."""
        self.clock.now += 0.01
        now = self.clock.now
        if not self.sliding and now - self.begun > self.per_s:
            self.begun, self.taken = now, []
        self.taken = [at for at in self.taken if not self.sliding or at > now - self.per_s]
        if len(self.taken) < self.requests:
            self.taken.append(now)
            return None
        self.refused += 1
        free = self.taken[0] if self.sliding else self.begun
        return math.ceil(free + self.per_s - now) or 1.0


def limit(pause_s: float | None) -> RateLimit | None:
    """The limit that `ByTheMinute` reports."""
    return None if pause_s is None else RateLimit(pause_s=pause_s)


@pytest.mark.parametrize("sliding", [False, True], ids=["fixed", "sliding"])
@pytest.mark.parametrize("begun_before_s", [0.0, 50.0, 500.0])
def test_a_limit_by_the_minute_is_learned_from_one_429(sliding: bool, begun_before_s: float) -> None:
    """After the first 429 the backend gets as much as it takes, in bursts, and refuses hardly anything."""
    clock = Clock()
    backend = ByTheMinute(clock, 300, 60.0, sliding=sliding)
    clock.now += begun_before_s
    learned: list[RequestWindow] = []
    pace = Pace(clock=clock, sleep=clock.sleep, learned=learned.append)
    started = clock.now
    for _ in range(2400):
        assert pace.send(backend, limit) is None
    assert backend.refused <= 3
    assert 250 <= learned[-1].requests <= 300
    assert clock.now - started < 2400 / 300 * 60 * 1.25


def test_what_is_declared_is_never_exceeded() -> None:
    """With the limit of the target file no request is refused; a longer window is kept in parts of a minute."""
    for requests, per_s in ((300, 60.0), (3, 1.0), (1200, 3600.0)):
        clock = Clock()
        backend = ByTheMinute(clock, requests, per_s, sliding=True)
        pace = Pace(window=RequestWindow(requests=requests, per_s=per_s), clock=clock, sleep=clock.sleep)
        for _ in range(3 * requests):
            before = clock.now
            pace.send(backend, limit)
            assert clock.now - before <= LONGEST_WINDOW_S + 2
        assert backend.refused == 0
        assert not pace.slowed


def test_room_for_a_burst_is_waited_for_before() -> None:
    """After `make_room` so many requests are sent without a wait, as far as the window holds them."""
    clock = Clock()
    pace = Pace(window=RequestWindow(requests=30, per_s=60.0), clock=clock, sleep=clock.sleep)
    for _ in range(20):
        pace.wait()
    assert clock.now == 1000.0
    pace.make_room(25)
    began = clock.now
    assert 1060.0 < began < 1062.0
    for _ in range(25):
        pace.wait()
    assert clock.now == began
    pace.make_room(1000)
    full = clock.now
    assert full > began + 60
    for _ in range(30):
        pace.wait()
    assert clock.now == full
    assert not pace.has_room(1)


def test_a_backend_that_was_started_again_has_counted_nothing() -> None:
    """A start of the program ends the wait: what it allows is known, and none of it is spent."""
    clock, life = Clock(), [1]
    pace = Pace(window=RequestWindow(requests=5, per_s=60.0), life=lambda: life[0], clock=clock, sleep=clock.sleep)
    for _ in range(5):
        pace.wait()
    life[0] += 1
    for _ in range(5):
        pace.wait()
    assert clock.now == 1000.0
    pace.wait()
    assert clock.now > 1060.0


def test_a_lockout_says_nothing_of_a_rate() -> None:
    """The pause of a lockout is kept, and no limit is learned from it."""
    clock = Clock()
    pace = Pace(clock=clock, sleep=clock.sleep)
    for _ in range(5):
        pace.send(lambda _: None, limit)
    answers = iter([RateLimit(pause_s=60.0, lockout=True), None])
    pace.send(lambda _: next(answers), lambda answer: answer)
    assert clock.now == 1060.0
    assert pace.window is None


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
