"""Any bytes at all: a response that is no HTTP (CON-08)."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.mock.scripted_reply import Reply, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """Send exactly `data`, then close; nothing is added, no CORS header either."""

    data: bytes

    def __post_init__(self) -> None:
        if not self.data:
            raise ValueError("raw bytes are at least one; to send none, use Closed before the headers")

    def reply(self) -> Reply:
        """The steps that deliver it."""
        return Reply(kind="raw bytes", steps=(Send(data=self.data),), cors=False)
