"""Half a request: the client leaves in the middle of it, and connects again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from technogate.faults.http_attacks.attack_script import Script, check_clients
from technogate.faults.http_attacks.request_bytes import RawRequest


class Cut(StrEnum):
    """Where the request ends."""

    LINE = "request line"
    HEAD = "head"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfRequest:
    """Send `request` up to the middle of its `cut`, then close the connection, or `reset` it."""

    request: RawRequest
    cut: Cut
    clients: int = 16
    reset: bool = False

    def __post_init__(self) -> None:
        check_clients(self.clients)
        if self.cut is Cut.BODY and len(self.request.body) < 2:
            raise ValueError("a body of less than two bytes has no half")

    @property
    def kind(self) -> str:
        """What reports call it."""
        return f"half a {self.cut}, then {'a reset' if self.reset else 'a close'}"

    def script(self) -> Script:
        """What each client does."""
        head = self.request.head()
        match self.cut:
            case Cut.LINE:
                sent = head[: head.index(b"\r\n") // 2]
            case Cut.HEAD:
                sent = head[: (head.index(b"\r\n") + len(head)) // 2]
            case Cut.BODY:
                sent = head + self.request.body[: len(self.request.body) // 2]
        return Script(opening=sent, reset=self.reset)
