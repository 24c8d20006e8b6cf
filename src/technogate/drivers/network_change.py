"""Retries after a change of this machine's network: Chromium then aborts requests about to connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: How often something is tried before it fails.
ATTEMPTS = 3


class NetworkChangedError(Exception):
    """The network changed during every attempt."""


def repeat_on_network_change(
    attempt: Callable[[], T],
    changed: Callable[[], bool],
    *,
    failures: tuple[type[Exception], ...],
    spoilt: Callable[[], None] = lambda: None,
) -> T:
    """The outcome of the first `attempt` that no change of the network has spoilt.

    `changed` returns whether the network has spoilt a request since its last call; `failures` are the errors that
    such a change can lead to, and `spoilt` is called after each spoilt attempt. Raises NetworkChangedError when every
    attempt was spoilt, and whatever an attempt raises that was not.
    """
    for _ in range(ATTEMPTS):
        changed()
        try:
            outcome = attempt()
        except failures:
            if not changed():
                raise
        else:
            if not changed():
                return outcome
        spoilt()
    raise NetworkChangedError
