"""Entries that name no request, matched with requests that could have left them.

A request without a response may have left an entry, and its trace id is unknown. Such an entry is
in order when a request of that kind was under way at its time, and no other entry has been matched with
it. Its action and state cannot be checked: the contract does not fix the action.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Room for one entry with a time from `start` to `end`; `request` is that of its request."""

    start: float
    end: float
    request: int


def match(entries: Iterable[tuple[float, int]], slots: Iterable[Slot]) -> dict[int, int]:
    """As many entries as can be in slots, at most one in each: the slot's request by the entry's number.

    `entries` are (time, number). The slot that closes first is taken first, which no other choice beats.
    """
    waiting = sorted(slots, key=lambda slot: slot.start, reverse=True)
    open_slots: list[tuple[float, int]] = []
    placed: dict[int, int] = {}
    for at, number in sorted(entries):
        while waiting and waiting[-1].start <= at:
            slot = waiting.pop()
            heapq.heappush(open_slots, (slot.end, slot.request))
        while open_slots and open_slots[0][0] < at:
            heapq.heappop(open_slots)
        if open_slots:
            placed[number] = heapq.heappop(open_slots)[1]
    return placed
