"""Pipelined garbage: a whole request, followed at once by bytes that are no request."""

from __future__ import annotations

import random
from dataclasses import dataclass

from technogate.faults.http_attacks.attack_script import MOST_BYTES, Script, check_clients
from technogate.faults.http_attacks.request_bytes import RawRequest, positive


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Send `request` and `size` bytes of garbage drawn from `seed`, in one go, and wait for the response."""

    request: RawRequest
    seed: int
    size: int = 2048
    clients: int = 8

    def __post_init__(self) -> None:
        check_clients(self.clients)
        positive("the size of the garbage", self.size, MOST_BYTES // 2)

    @property
    def kind(self) -> str:
        """What reports call it."""
        return "pipelined garbage"

    def script(self) -> Script:
        """What each client does. The first byte of the garbage begins no method, the last ends a line."""
        drawn = random.Random(self.seed).randbytes(self.size)  # noqa: S311 - garbage, repeatable
        return Script(opening=self.request.render() + b"\x00" + drawn + b"\r\n\r\n", answered=True)
