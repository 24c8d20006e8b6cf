"""The order in which the items of a process run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum, auto

import pytest

from technogate.runner.scheduling import is_beside

#: The markers that place an item, as pytest lists them.
MARKERS = (
    "late: run this last of the faults: it waits for slow responses",
    "collects: waits for what an earlier item of the stack began",
    "parts(names): only a contract with these parts has the item",
    "containers: repeats, for containers alone, what others check of any pair",
)


class Turn(Enum):
    """A group of items that run one after the other."""

    STACK = auto()  # stops and freezes the backend of a pair of its own
    FAULTS = auto()  # injects other faults
    BESIDE = auto()  # takes long and injects no fault
    SLOW_FAULTS = auto()  # waits for slow responses that an earlier fault provoked
    STACK_COLLECTS = auto()  # waits for the freeze that an item of STACK began
    OTHERS = auto()
    SLOW_RESPONSES = auto()  # waits for slow responses of the mock backend while other items run


#: One of several workers gets every fault, and early: what is slow is under way while the others run the rest.
_SHARED = (
    *(Turn.STACK, Turn.FAULTS, Turn.BESIDE, Turn.SLOW_FAULTS, Turn.STACK_COLLECTS),
    *(Turn.OTHERS, Turn.SLOW_RESPONSES),
)
#: A single worker runs the faults last: they may be hard on the only pair.
_ALONE = (
    *(Turn.STACK, Turn.OTHERS, Turn.SLOW_RESPONSES),
    *(Turn.FAULTS, Turn.SLOW_FAULTS, Turn.STACK_COLLECTS),
)


def in_order(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return `items` in the order in which each of `workers` processes runs its share; equals stay as they are."""
    order = _SHARED if workers > 1 else _ALONE
    return sorted(items, key=lambda item: order.index(turn_of(item, workers)))


def turn_of(item: pytest.Item, workers: int) -> Turn:
    """Return the group of an item, from its folder, its markers and its fixtures."""
    fixtures = getattr(item, "fixturenames", ())
    if "own_stack" in fixtures:
        return Turn.STACK_COLLECTS if item.get_closest_marker("collects") else Turn.STACK
    if item.path.parent.name == "faults":
        return Turn.SLOW_FAULTS if waits_for_slow_responses(item) else Turn.FAULTS
    if workers > 1 and is_beside(item.nodeid):
        return Turn.BESIDE
    return Turn.SLOW_RESPONSES if "slow_interaction" in fixtures else Turn.OTHERS


def waits_for_slow_responses(item: pytest.Item) -> bool:
    """Whether an item is the one that judges the slow responses of the backend."""
    return item.get_closest_marker("late") is not None


def needs_a_page(item: pytest.Item) -> bool:
    """Whether an item repeats for a page what others check of any console: a client module alone has none."""
    return "unmarked_scenes" in getattr(item, "fixturenames", ())


def runs_in_containers_alone(item: pytest.Item) -> bool:
    """Whether an item is for a pair of containers, and repeats for them what others check of any pair."""
    return item.get_closest_marker("containers") is not None


def has_its_parts(item: pytest.Item, parts: Collection[str], kinds: Mapping[str, Collection[str]]) -> bool:
    """Whether a contract has the parts that an item is about, and operations of the kind that it is made for.

    `kinds` are the operations of each kind, see `technogate.runner.operation_kinds`.
    """
    named = {str(name) for mark in item.iter_markers("parts") for name in mark.args}
    fixtures = getattr(item, "fixturenames", ())
    return named <= set(parts) and all(kinds[name] for name in fixtures if name in kinds)
