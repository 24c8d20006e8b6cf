"""Keep items that share a pair or a batch of generated requests on one of several workers."""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

#: The items in these places belong together: they inject faults into pairs that they share.
FAULT_PLACES = ("suites/faults/", "suites/stack/test_lifecycle.py")

#: Long items without faults: the worker that injects faults runs them while slow responses are under way.
BESIDE = tuple(
    f"suites/console/test_hostile_responses.py::{name}"
    for name in ("test_any_violation_is_blocked", "test_any_broken_memory_is_no_snapshot", "test_any_4xx_is_blocked")
)

#: Items in this folder belong together when their names end alike: with the list of requests that they share.
TOGETHER = "suites/properties/"
_REQUIREMENT = re.compile(r"[A-Z]{3}-\d{2}-")


class WholeBatches(LoadScopeScheduling):  # type: ignore[misc]
    """Send each item to any free worker, and all items of one batch to the same worker."""

    def _split_scope(self, nodeid: str) -> str:
        return batch_of(nodeid)


def is_beside(nodeid: str) -> bool:
    """Whether an item runs while slow responses are under way."""
    return any(name in nodeid for name in BESIDE)


def batch_of(nodeid: str) -> str:
    """Return the name of the batch of an item; an item without a batch is one of its own."""
    if any(place in nodeid for place in FAULT_PLACES) or is_beside(nodeid):
        return FAULT_PLACES[0]
    shared = _REQUIREMENT.sub("", nodeid.rpartition("[")[2].rstrip("]"), count=1)
    return f"{TOGETHER}{shared}" if TOGETHER in nodeid and shared else nodeid
