"""Checks of the audit list as the API answers it: shape, filter, limit, order."""

from __future__ import annotations

import itertools
from typing import Any

from technogate.checks.response_checks import answered, finding, json_value, seconds_of
from technogate.model.events import Exchange, Finding


def entries(exchange: Exchange) -> list[dict[str, Any]]:
    """The entries of an audit answer; empty for anything but an array of objects."""
    value = json_value(exchange)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def trace_ids(exchange: Exchange) -> list[str]:
    """The trace ids of the entries, in the order of the list."""
    return [str(entry.get("trace_id", "")) for entry in entries(exchange)]


def only_state(exchange: Exchange, state: str) -> list[Finding]:
    """Every entry is of `state` (AUD-02)."""
    wrong = [entry for entry in entries(exchange) if entry.get("state") != state]
    if not wrong:
        return answered(exchange)
    return finding("filter", exchange, f"only entries of state {state}", f"{len(wrong)} others, the first: {wrong[0]}")


def at_most(exchange: Exchange, limit: int) -> list[Finding]:
    """No more than `limit` entries (AUD-03)."""
    found = len(entries(exchange))
    if found <= limit:
        return answered(exchange)
    return finding("limit", exchange, f"at most {limit} entries", f"{found} entries")


def exactly(exchange: Exchange, count: int) -> list[Finding]:
    """Exactly `count` entries, where the trail is known to hold at least as many."""
    found = len(entries(exchange))
    if found == count:
        return []
    return finding("limit", exchange, f"{count} entries of a trail that holds more", f"{found} entries")


def newest_first(exchange: Exchange) -> list[Finding]:
    """Timestamps never rise from one entry to the next (AUD-04)."""
    times = [(entry.get("timestamp"), seconds_of(entry.get("timestamp"))) for entry in entries(exchange)]
    for (upper, newer), (lower, older) in itertools.pairwise(times):
        if newer is None or older is None:
            return finding("order", exchange, "a UTC time in each entry", f"{upper!r}, {lower!r}")
        if older > newer:
            return finding("order", exchange, "newest first", f"{upper} stands before {lower}")
    return answered(exchange)


def in_this_order(exchange: Exchange, newest_first_ids: list[str]) -> list[Finding]:
    """The entries of these requests stand in this order (AUD-04)."""
    wanted = set(newest_first_ids)
    found = [trace_id for trace_id in trace_ids(exchange) if trace_id in wanted]
    if found == newest_first_ids:
        return []
    return finding("order", exchange, f"entries in the order {newest_first_ids}", f"{found}")


def holds(exchange: Exchange, trace_id: str) -> list[Finding]:
    """Exactly one entry has `trace_id`."""
    found = trace_ids(exchange).count(trace_id)
    if found == 1:
        return []
    return finding("entry", exchange, f"one entry with trace id {trace_id}", f"{found} such entries")


def same_entries(one: Exchange, other: Exchange, reads: set[str]) -> list[Finding]:
    """Two answers hold the same entries in the same order (AUD-06).

    A trail may hold reads too (D12): the entries of the requests whose trace ids are `reads` are left
    out, and what they pushed over the limit is not missed.
    """
    first, second = json_value(one), json_value(other)
    if not isinstance(first, list) or not isinstance(second, list):
        return finding("same entries", other, "two arrays", f"{type(first).__name__} and {type(second).__name__}")
    left = [entry for entry in entries(one) if entry.get("trace_id") not in reads]
    right = [entry for entry in entries(other) if entry.get("trace_id") not in reads]
    pushed = (len(first) - len(left)) - (len(second) - len(right))
    if pushed:
        common = min(len(left), len(right))
        left, right = left[:common], right[:common]
    if left == right:
        return []
    pairs = enumerate(zip(left, right, strict=False))
    place = next((index for index, (a, b) in pairs if a != b), min(len(left), len(right))) + 1
    observed = f"{len(right)} entries, differing from place {place}"
    return finding("same entries", other, f"the {len(left)} entries that {one.operation} answered", observed)
