"""The script of one hostile client, in bytes: every kind makes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from technogate.faults.http_attacks.request_bytes import positive

#: The most connections that one kind may open.
MOST_CLIENTS = 2000
#: The most bytes that one client may send at once.
MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The steps of one hostile client: connect, send `opening`, then stay or leave.

    A client with `held` keeps its connection until the attack ends, and sends `drip` meanwhile, one
    byte every `interval_s` seconds, over and over. Any other leaves at once (with a reset where `reset`),
    and connects again in waves. With `answered` it waits for the response.
    """

    opening: bytes
    drip: bytes = b""
    interval_s: float = 0.05
    held: bool = False
    reset: bool = False
    answered: bool = False

    def __post_init__(self) -> None:
        positive("the interval of a drip", self.interval_s, 60)
        if len(self.opening) > MOST_BYTES:
            raise ValueError(f"a hostile client sends at most {MOST_BYTES} bytes at once, not {len(self.opening)}")
        if self.drip and not self.held:
            raise ValueError("a client that leaves at once cannot drip")


class Hostile(Protocol):
    """One kind of hostile client, its parameters checked when it was made."""

    @property
    def kind(self) -> str:
        """What reports call it."""

    @property
    def clients(self) -> int:
        """How many connections it opens at once."""

    def script(self) -> Script:
        """What each of them does."""


def check_clients(clients: int) -> None:
    """Check a number of connections; raises ValueError."""
    positive("the number of clients", clients, MOST_CLIENTS)
