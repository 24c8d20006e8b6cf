"""The time that is left for one exchange."""

from __future__ import annotations

import time


def remaining(deadline: float) -> float:
    """Seconds until `deadline`, of the monotonic clock; raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
