"""Keeps together, on one of several workers, the items that judge the same generated requests."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

#: All items in these places belong together: they disturb pairs that they share, and wait for the same long time.
DISTURBING = ("suites/faults/", "suites/stack/test_lifecycle.py")

#: Long items that disturb nobody: whoever disturbs pairs plays them while what takes long there comes to its end.
BESIDE = tuple(
    f"suites/console/test_hostile_responses.py::{name}"
    for name in ("test_any_violation_is_blocked", "test_any_broken_memory_is_no_snapshot", "test_any_4xx_is_blocked")
)

#: Items in this folder belong together when their names end alike: with the list of requests that they share.
TOGETHER = "suites/properties/"
_REQUIREMENT = re.compile(r"[A-Z]{3}-\d{2}-")


class WholeBatches(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out items one by one to whoever is free, but the items of one batch all to the same worker."""

    def _split_scope(self, nodeid: str) -> str:
        return batch_of(nodeid)


def is_beside(nodeid: str) -> bool:
    """Whether the item is played while slow answers are waited for."""
    return any(name in nodeid for name in BESIDE)


def batch_of(nodeid: str) -> str:
    """The name of the batch that an item shares with others; an item that shares none is its own."""
    if any(place in nodeid for place in DISTURBING) or is_beside(nodeid):
        return DISTURBING[0]
    shared = _REQUIREMENT.sub("", nodeid.rpartition("[")[2].rstrip("]"), count=1)
    return f"{TOGETHER}{shared}" if TOGETHER in nodeid and shared else nodeid
