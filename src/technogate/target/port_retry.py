"""Start again on another port when another program takes the chosen one first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from technogate.model.errors import StartError

#: How often a start is repeated after a port was taken.
RETRIES = 3

T = TypeVar("T")


class PortLost(StartError):  # noqa: N818 - named by what happened
    """Another program took a free port between choosing it and listening on it."""


def on_free_ports(start: Callable[[], T]) -> T:
    """Call `start`, again after each PortLost but the last; raises what the last call raises."""
    for _ in range(RETRIES):
        try:
            return start()
        except PortLost:
            continue
    return start()
