"""A slow header: the head of a request that never ends, one byte at a time."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.faults.http_attacks.attack_script import Script, check_clients
from technogate.faults.http_attacks.request_bytes import RawRequest, positive


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowHeader:
    """Send the head of `request` without its end, then further headers, one byte every `interval_s` seconds."""

    request: RawRequest
    clients: int = 64
    interval_s: float = 0.05

    def __post_init__(self) -> None:
        check_clients(self.clients)
        positive("the interval of a slow header", self.interval_s, 60)

    @property
    def kind(self) -> str:
        """What reports call it."""
        return "slow header"

    def script(self) -> Script:
        """What each client does."""
        opening = self.request.head()[:-2]
        return Script(opening=opening, drip=b"X-Slow: a\r\n", interval_s=self.interval_s, held=True)
