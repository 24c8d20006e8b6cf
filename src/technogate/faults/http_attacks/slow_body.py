"""A slow body: a request whose body is announced and sent one byte at a time."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.faults.http_attacks.attack_script import Script, check_clients
from technogate.faults.http_attacks.request_bytes import RawRequest, positive


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowBody:
    """Send the head of `request`, announce a body of `length` bytes, and send a blank every `interval_s` seconds.

    Blanks may precede any JSON value, so a provider cannot refuse the body for its first bytes.
    """

    request: RawRequest
    clients: int = 64
    length: int = 32768
    interval_s: float = 0.05

    def __post_init__(self) -> None:
        check_clients(self.clients)
        positive("the length of a slow body", self.length, 1 << 30)
        positive("the interval of a slow body", self.interval_s, 60)

    @property
    def kind(self) -> str:
        """What reports call it."""
        return "slow body"

    def script(self) -> Script:
        """What each client does."""
        opening = self.request.head(length=self.length)
        return Script(opening=opening, drip=b" ", interval_s=self.interval_s, held=True)
