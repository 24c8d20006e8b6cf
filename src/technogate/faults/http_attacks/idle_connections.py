"""Idle connections: many clients that connect and never send a request."""

from __future__ import annotations

from dataclasses import dataclass

from technogate.faults.http_attacks.attack_script import Script, check_clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """Open `clients` connections and keep them."""

    clients: int = 250

    def __post_init__(self) -> None:
        check_clients(self.clients)

    @property
    def kind(self) -> str:
        """What reports call it."""
        return "idle connections"

    def script(self) -> Script:
        """What each client does."""
        return Script(opening=b"", held=True)
