"""The budget of wrong keys: what a backend takes before it locks its client out, declared or learned."""

from __future__ import annotations

import math
from itertools import product

import pytest

from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, foreign_key, near_misses, right_key, telling_attempts
from technogate.drivers.http.pace import Pace, RateLimit
from technogate.drivers.http.request_window import RequestWindow
from technogate.drivers.http.wrong_keys import PATIENCE_S, WrongKeys
from technogate.model.case import Key
from technogate.model.events import RunWarning
from tests.drivers.test_pace import Clock

KEY = "TgAbCdEfGh0123456789"
OPERATIONS = ("execute", "audit", "metrics", "memory")
RIGHT = right_key(KEY)
WRONG = [foreign_key(), *near_misses(KEY)]
TELLING = telling_attempts(KEY, OPERATIONS)


class LocksOut:
    """A backend that refuses everything for the rest of a window after so many wrong keys in it."""

    def __init__(self, clock: Clock, most: int, per_s: float = 60.0, *, missing: bool = False) -> None:
        self.clock = clock
        self.most = most
        self.per_s = per_s
        self.missing = missing
        self.begun = clock.now
        self.wrong = 0
        self.locks = 0

    def __call__(self, key: Key) -> tuple[int, float]:
        """The status for a request with `key`, and Retry-After."""
        self.clock.now += 0.01
        if self.clock.now - self.begun > self.per_s:
            self.begun, self.wrong = self.clock.now, 0
        if self.wrong >= self.most:
            self.locks += 1
            return 429, math.ceil(self.begun + self.per_s - self.clock.now)
        if key == RIGHT:
            return 200, 0
        self.wrong += any(key.values) or self.missing
        return (403 if any(key.values) else 401), 0


class Client:
    """Sends requests as the driver does: a pace, and a budget of wrong keys."""

    def __init__(self, backend: LocksOut, declared: RequestWindow | None = None) -> None:
        clock = backend.clock
        self.backend = backend
        self.warnings: list[RunWarning] = []
        self.pace = Pace(clock=clock, sleep=clock.sleep)
        self.keys = WrongKeys(
            RIGHT, window=declared, telling=TELLING, note=self.warnings.append, clock=clock, sleep=clock.sleep
        )
        self.sent: set[tuple[str, str]] = set()

    def send(self, operation: str, key: Key) -> str | int:
        """The status of the last response, or why the request was not sent."""
        if reason := self.keys.refusal(operation, key):
            return reason
        status, _ = self.pace.send(lambda _: self.backend(key), lambda answer: self.limit(operation, key, answer))
        self.sent.add((operation, key.name))
        return status

    def limit(self, operation: str, key: Key, answer: tuple[int, float]) -> RateLimit | None:
        """What the driver makes of a response."""
        status, pause_s = answer
        if status == 429:
            return RateLimit(pause_s=pause_s, lockout=self.keys.locked(key, pause_s))
        self.keys.answered(operation, key, refused=status in (401, 403))
        return None


def test_telling_attempts_cover_each_kind_and_each_operation() -> None:
    """A wrong key and none on each operation, an empty one, and each near miss on one of them."""
    assert {operation for operation, name in TELLING if name == foreign_key().name} == set(OPERATIONS)
    assert {operation for operation, name in TELLING if name == NO_KEY.name} == set(OPERATIONS)
    assert {name for _, name in TELLING} == {key.name for key in (*WRONG, NO_KEY, EMPTY_KEY)}
    assert len(TELLING) == 2 * len(OPERATIONS) + 1 + len(near_misses(KEY))


def test_without_a_lockout_everything_is_sent() -> None:
    """A backend that takes any number of wrong keys gets all of them, without a wait."""
    client = Client(LocksOut(Clock(), 10_000))
    for operation, key in product(OPERATIONS, WRONG * 20):
        assert client.send(operation, key) == 403
    assert client.backend.clock.now < 1020


@pytest.mark.parametrize("most", [3, 5, 10])
def test_a_lockout_is_learned(most: int) -> None:
    """It is met once; then all that is telling is sent within the budget, and the rest has a reason."""
    client = Client(LocksOut(Clock(), most))
    started = client.backend.clock.now
    answers = [
        client.send(operation, key) for operation, key in product(OPERATIONS, (*WRONG, *WRONG[1:], RIGHT, NO_KEY))
    ]
    assert client.backend.locks == 1
    assert {answer for answer in answers if isinstance(answer, int)} == {200, 401, 403}
    reasons = {answer for answer in answers if isinstance(answer, str)}
    assert len(reasons) == 1
    assert next(iter(reasons)).startswith(f"not sent: the backend locks its client out after {most} wrong keys in 6")
    assert client.backend.clock.now - started <= PATIENCE_S + 70
    if most > 3:
        assert {attempt for attempt in TELLING if attempt[1] != EMPTY_KEY.name} <= client.sent
    assert [client.send(operation, RIGHT) for operation in OPERATIONS] == [200] * 4
    assert len(client.warnings) == 1
    assert f"wrong_keys = {{ at_most = {most - 1}, per_s = 6" in client.warnings[0].text


def test_what_is_declared_locks_nobody_out() -> None:
    """With the budget of the target file no lockout is met, and requests without a key are not held up."""
    client = Client(LocksOut(Clock(), 10), RequestWindow(requests=9, per_s=60.0))
    for operation, key in product(OPERATIONS, (*WRONG, NO_KEY, *WRONG[1:])):
        client.send(operation, key)
    assert client.backend.locks == 0
    assert client.warnings == []
    assert {attempt for attempt in TELLING if attempt[1] != EMPTY_KEY.name} <= client.sent
    assert not client.keys.admits(foreign_key())
    assert client.keys.admits(NO_KEY)


def test_a_backend_may_count_requests_without_a_key_too() -> None:
    """Where a lockout comes after a request without a key, those are held to the budget as well."""
    client = Client(LocksOut(Clock(), 6, missing=True))
    for operation, key in product(OPERATIONS, (NO_KEY, EMPTY_KEY, NO_KEY, EMPTY_KEY, foreign_key())):
        client.send(operation, key)
    assert client.backend.locks == 1
    assert client.keys.counts(NO_KEY)
    while client.send("execute", NO_KEY) == 401:
        pass
    assert client.backend.locks == 1
    assert client.send("execute", RIGHT) == 200


def test_a_refusal_after_right_keys_is_no_lockout() -> None:
    """A 429 that comes after a request with the right key is put down to the rate, however many keys were wrong."""
    client = Client(LocksOut(Clock(), 10_000))
    for key in (*WRONG, RIGHT):
        client.send("execute", key)
    assert not client.keys.locked(RIGHT, 60.0)
    assert client.keys.window is None


def test_no_wrong_key_at_all() -> None:
    """A budget of none sends none."""
    client = Client(LocksOut(Clock(), 1), RequestWindow(requests=0, per_s=60.0))
    assert isinstance(client.send("execute", foreign_key()), str)
    assert client.send("execute", NO_KEY) == 401
