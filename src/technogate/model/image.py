"""What a container engine reports of an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What an engine reports of an image. `digest` is its id, `health` its health check, `history` newest first.

    `ports` are the TCP ports that it says it listens on.
    """

    name: str
    digest: str
    user: str
    health: tuple[str, ...]
    environment: dict[str, str]
    labels: dict[str, str]
    history: tuple[str, ...]
    ports: tuple[int, ...] = ()

    @property
    def has_health_check(self) -> bool:
        """Whether the image defines a health check."""
        return bool(self.health) and self.health[0] != "NONE"
