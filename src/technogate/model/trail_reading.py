"""A reading of the audit trail, and its entries."""

from __future__ import annotations

import msgspec

from technogate.model.record import Record


class TrailEntry(Record, frozen=True):
    """One entry of the audit trail, as its source gave it; a missing field is ""."""

    timestamp: str = ""
    action: str = ""
    result: str = ""
    state: str = ""
    execution_id: str = ""
    trace_id: str = ""
    extra: dict[str, str] = msgspec.field(default_factory=dict)


class TrailReading(Record, frozen=True, tag_field="event", tag="trail"):
    """One reading of the audit trail, newest entry first; `error` when it could not be read.

    It began at `at` and was over at `ended`, in seconds since the epoch, and requested `limit` entries of
    the trail that the backend at `base_url` keeps. `reads` are the trace ids of the reading's own
    requests. A trail is read many times, so `entries` holds only those that no earlier reading of
    the same pair returned. The entries of all its readings are numbered from 0 on, those of one reading
    from the oldest on, and `layout` is the whole list that was read, as runs of (first number, count)
    that count down: a trail that only grows is one run. Without it the list is `entries`. `leaks` names
    the fields that held the key.
    """

    id: str
    item: str
    source: str
    at: float
    entries: tuple[TrailEntry, ...] = ()
    error: str = ""
    base_url: str = ""
    ended: float = 0.0
    limit: int = 0
    layout: tuple[tuple[int, int], ...] = ()
    reads: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
