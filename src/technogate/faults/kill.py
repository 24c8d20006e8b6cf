"""Kills under load: the backend ends by SIGKILL at chosen moments while clients wait for answers (TRL-07).

Acting only: what was answered and what the trail kept is compared by `technogate.checks.durable`.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from technogate.faults.fault_errors import NotDelivered
from technogate.model.events import Exchange

#: Seconds that the load may take to bring the answers after which the kill comes.
LOAD_S = 30.0
#: Requests that one client sends at most before a kill.
MOST_REQUESTS = 60
#: Answers after which a kill comes: drawn from this range.
RESPONSES = (3, 24)
#: Seconds between the moment and the kill, where it is not the moment itself: drawn up to this.
DELAY_S = {"flight": 0.004, "burst": 0.03}


class KillMoment(StrEnum):
    """When the backend is killed."""

    AFTER_RESPONSE = "right after an answer arrived"
    IN_FLIGHT = "between a request and its answer"
    IN_BURST = "at random in a burst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill of a schedule: after `answers` answers, and `delay_s` seconds after its moment."""

    number: int
    moment: KillMoment
    responses: int
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.responses < 1:
            raise ValueError(f"a kill comes after at least one answer, not {self.responses}")
        if not 0 <= self.delay_s <= 1:
            raise ValueError(f"the delay of a kill is 0 to 1 seconds, not {self.delay_s}")


class Killable(Protocol):
    """A program that can be killed."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""

    def kill(self) -> None:
        """End it at once, without asking."""


def plan_kills(seed: int, count: int) -> tuple[Kill, ...]:
    """The schedule of `count` kills that `seed` stands for: each moment in turn, the rest drawn."""
    drawn = random.Random(seed)  # noqa: S311 - a schedule, repeatable
    moments = list(KillMoment)
    kills = []
    for number in range(1, count + 1):
        moment = moments[(number - 1) % len(moments)]
        most = {KillMoment.IN_FLIGHT: DELAY_S["flight"], KillMoment.IN_BURST: DELAY_S["burst"]}.get(moment, 0.0)
        kills.append(
            Kill(number=number, moment=moment, responses=drawn.randint(*RESPONSES), delay_s=drawn.uniform(0.0, most))
        )
    return tuple(kills)


class Load:
    """Clients that ask one after the other, each in a thread of its own, until one gets no answer."""

    def __init__(self, clients: Sequence[Callable[[], Exchange]], responses: int, strike: Callable[[], None]) -> None:
        """Each of `clients` sends one request; the one that brings answer number `answers` calls `strike`."""
        self.exchanges: list[Exchange] = []
        self.reached = threading.Event()
        self._responses = responses
        self._strike = strike
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._answered = 0
        self._threads = [threading.Thread(target=self._ask, args=(client,), name="load") for client in clients]

    @property
    def answered(self) -> int:
        """How many answers came so far."""
        return self._answered

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, client: Callable[[], Exchange]) -> None:
        for _ in range(MOST_REQUESTS):
            if self._stopped.is_set():
                return
            exchange = client()
            with self._lock:
                self.exchanges.append(exchange)
                self._answered += exchange.response is not None
                now = self._answered == self._responses and not self.reached.is_set()
                if now:
                    # Within the lock: nobody else's answer comes between this one and the kill.
                    self._strike()
                    self.reached.set()
            if exchange.response is None:
                return


def kill_under_load(
    program: Killable, kill: Kill, clients: Sequence[Callable[[], Exchange]], shoot: Callable[[], None]
) -> list[Exchange]:
    """Put `clients` to work, kill `program` at the moment of `kill`, and return what became of every request.

    `shoot` sends one whole request and does not wait for its answer. Raises NotDelivered when the load
    never brought enough answers, or when the program outlived the kill.
    """
    at_once = kill.moment is KillMoment.AFTER_RESPONSE
    with Load(clients, kill.responses, program.kill if at_once else _nothing) as load:
        reached = load.reached.wait(LOAD_S)
        if reached and not at_once:
            if kill.moment is KillMoment.IN_FLIGHT:
                shoot()
            time.sleep(kill.delay_s)
            program.kill()
    if not reached:
        brought = f"the load brought {load.answered} answers in {LOAD_S:g} s, not {kill.responses}"
        raise NotDelivered(f"kill {kill.number} never came: {brought}")
    if program.exit_code is None:
        raise NotDelivered(f"kill {kill.number}: the backend outlived SIGKILL")
    return load.exchanges


def _nothing() -> None:
    """What the client does that brings the answer, where the kill comes later."""
