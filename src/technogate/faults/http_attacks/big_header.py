"""A big header: far larger than servers accept, in an otherwise conforming request."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.faults.http_attacks.attack_script import MOST_BYTES, Script, check_clients
from technogate.faults.http_attacks.request_bytes import RawRequest, positive


@dataclass(frozen=True, slots=True, kw_only=True)
class BigHeader:
    """Send `request` with one more header whose value has `size` bytes, and wait for the response."""

    request: RawRequest
    size: int = 65536
    clients: int = 4

    def __post_init__(self) -> None:
        check_clients(self.clients)
        positive("the size of a big header", self.size, MOST_BYTES // 2)

    @property
    def kind(self) -> str:
        """What reports call it."""
        return f"header of {self.size} bytes"

    def script(self) -> Script:
        """What each client does."""
        opening = self.request.head(("X-Big", "x" * self.size)) + self.request.body
        return Script(opening=opening, answered=True)
