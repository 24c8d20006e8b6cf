"""Kills under load: the backend is killed with SIGKILL while clients wait for responses (TRL-07).

`technogate.checks.durable` compares the responses with the audit trail.
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

#: Seconds that the load may take to receive the responses before the kill.
LOAD_S = 30.0
#: Requests that one client sends at most before a kill.
MOST_REQUESTS = 60
#: Responses before a kill: drawn from this range.
RESPONSES = (3, 24)
#: The longest delay of a kill in seconds, by its moment; drawn.
DELAY_S = {"flight": 0.004, "burst": 0.03}


class KillMoment(StrEnum):
    """When the backend is killed."""

    AFTER_RESPONSE = "right after a response arrived"
    IN_FLIGHT = "between a request and its response"
    IN_BURST = "at random in a burst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One kill of a schedule: after `responses` responses, and `delay_s` seconds after its moment."""

    number: int
    moment: KillMoment
    responses: int
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.responses < 1:
            raise ValueError(f"a kill needs at least one response before it, not {self.responses}")
        if not 0 <= self.delay_s <= 1:
            raise ValueError(f"the delay of a kill is 0 to 1 seconds, not {self.delay_s}")


class Killable(Protocol):
    """A program that can be killed."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""

    def kill(self) -> None:
        """Kill it."""


def plan_kills(seed: int, count: int) -> tuple[Kill, ...]:
    """Return the schedule of `count` kills for `seed`: the moments in turn, the rest drawn."""
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
    """Clients that send requests, each in a thread of its own, until one gets no response."""

    def __init__(self, clients: Sequence[Callable[[], Exchange]], responses: int, strike: Callable[[], None]) -> None:
        """Each of `clients` sends one request; the one that receives response number `responses` calls `strike`."""
        self.exchanges: list[Exchange] = []
        self.reached = threading.Event()
        self._responses = responses
        self._strike = strike
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._answered = 0
        self._threads = [threading.Thread(target=self._send, args=(client,), name="load") for client in clients]

    @property
    def answered(self) -> int:
        """How many responses arrived so far."""
        return self._answered

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _send(self, client: Callable[[], Exchange]) -> None:
        for _ in range(MOST_REQUESTS):
            if self._stopped.is_set():
                return
            exchange = client()
            with self._lock:
                self.exchanges.append(exchange)
                self._answered += exchange.response is not None
                now = self._answered == self._responses and not self.reached.is_set()
                if now:
                    # Within the lock: no other response arrives between this one and the kill.
                    self._strike()
                    self.reached.set()
            if exchange.response is None:
                return


def kill_under_load(
    program: Killable, kill: Kill, clients: Sequence[Callable[[], Exchange]], shoot: Callable[[], None]
) -> list[Exchange]:
    """Run `clients`, kill `program` at the moment of `kill`, and return every exchange.

    `shoot` sends one whole request and does not wait for its response. Raises NotDelivered when the load never
    received enough responses, or when the program survived the kill.
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
        brought = f"the load received {load.answered} responses in {LOAD_S:g} s, not {kill.responses}"
        raise NotDelivered(f"kill {kill.number} was not sent: {brought}")
    if program.exit_code is None:
        raise NotDelivered(f"kill {kill.number}: the backend survived SIGKILL")
    return load.exchanges


def _nothing() -> None:
    """Do nothing when the last response arrives: the kill comes later."""
