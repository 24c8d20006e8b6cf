"""The fields of an entry: by the names that the target file gives, or found where only one place fits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from technogate.model.events import TrailEntry
from technogate.trail.entry_fields import EntryFields, value_at

TIME = "2026-01-02T03:04:05.123Z"
ENTRY = {"timestamp": TIME, "action": "PING", "result": "SUCCESS", "state": "APPROVED", "trace_id": "t-1"}
FULL = TrailEntry(timestamp=TIME, action="PING", result="SUCCESS", state="APPROVED", trace_id="t-1")
MS = 1_767_323_045_123


def without(*names: str) -> dict[str, Any]:
    """The fields of the entry but for `names`."""
    return {name: value for name, value in ENTRY.items() if name not in names}


@pytest.mark.parametrize(
    "line",
    [
        {"level": 30, "time": MS, "pid": 7, "msg": "audit", **without("timestamp")},
        {"level": 30, "time": MS, "pid": 7, "msg": "audit", "audit": ENTRY},
        {"level": 30, "time": MS, "pid": 7, "msg": "audit", "audit": without("timestamp")},
        {"@timestamp": TIME, "log": {"level": "info"}, "data": {"audit": without("timestamp")}},
        {"log": json.dumps(ENTRY) + "\n", "stream": "stdout", "time": "2026-01-02T03:04:06Z"},
        {"message": json.dumps({"audit": ENTRY}), "time": MS},
        {"createdAt": {"$date": TIME}, "_id": {"$oid": "5f"}, "traceId": "t-1", **without("timestamp", "trace_id")},
        {"ts": TIME, "command": "PING", "outcome": "SUCCESS", "status": "APPROVED", "correlationId": "t-1"},
        {"moment": TIME, **without("timestamp")},
    ],
)
def test_a_line_of_a_logging_library_is_an_entry(line: dict[str, Any]) -> None:
    """An entry among what a logging library adds, an object or a text further down, has all of its fields."""
    fields = EntryFields()
    entry = fields.entry(line)
    assert entry is not None
    assert (entry.action, entry.result, entry.state, entry.trace_id) == ("PING", "SUCCESS", "APPROVED", "t-1")
    assert entry.timestamp.startswith("2026-01-02T03:04:05.123")
    assert "write fields = {" in fields.notes[0]
    assert "t-1" not in json.dumps(entry.extra)


def test_names_of_the_contract_need_no_word() -> None:
    """An entry with the contract's names is taken as it is, whatever else the line has."""
    fields = EntryFields()
    entry = fields.entry({**ENTRY, "time": MS, "traceId": "t-2"})
    assert entry is not None
    assert (entry.timestamp, entry.trace_id) == (TIME, "t-1")
    assert entry.extra == {"time": str(MS), "traceId": "t-2"}
    assert fields.notes == []


@pytest.mark.parametrize(
    "line",
    [
        {"level": 30, "time": MS, "msg": "listening", "port": 8000},
        {"level": 30, "time": MS, "msg": "request completed", "traceId": "t-1", "req": {"method": "GET"}},
        {"level": 30, "time": MS, "msg": "audit", "status": 200, "trace_id": "t-1"},
        {},
    ],
)
def test_another_line_of_a_log_is_no_entry(line: dict[str, Any]) -> None:
    """A line that has no more than a time and a trace id is no entry, and nothing is learned from it."""
    fields = EntryFields()
    assert fields.entry(line) is None
    assert fields.notes == []


def test_a_field_that_two_places_fit_is_not_guessed() -> None:
    """Of two times, neither is taken, and the hint names the keys."""
    fields = EntryFields()
    entry = fields.entry({"began": TIME, "ended": TIME, **without("timestamp")})
    assert entry is not None
    assert entry.timestamp == ""
    assert 'one of began, ended, action, result, state, trace_id: fields = { timestamp = "…" }' in fields.hint(
        "timestamp"
    )


def test_a_field_once_met_is_not_looked_for_elsewhere() -> None:
    """An entry that lacks its trace id does not borrow another number from its line."""
    fields = EntryFields()
    assert fields.entry(ENTRY) == FULL
    entry = fields.entry({**without("trace_id"), "requestId": "r-9"})
    assert entry is not None
    assert (entry.trace_id, entry.extra) == ("", {"requestId": "r-9"})


def test_paths_that_are_given_are_the_only_ones() -> None:
    """A dotted path leads into objects; a key that has dots itself comes first; nothing is found besides."""
    given = {"trace_id": "audit.traceId", "timestamp": "time", "state": "audit.state"}
    fields = EntryFields(given)
    entry = fields.entry({"time": MS, "audit": {"traceId": "t-1", "state": "APPROVED", "note": "n"}, "action": "PING"})
    assert entry is not None
    assert (entry.trace_id, entry.state, entry.action) == ("t-1", "APPROVED", "PING")
    assert entry.extra == {"audit.note": "n"}
    assert fields.entry({"timestamp": TIME, "trace_id": "t-1", "state": "APPROVED"}) is None
    assert value_at({"audit.traceId": 1, "audit": {"traceId": 2}}, "audit.traceId") == 1
    assert value_at({"a.b": {"c.d": 3}, "a": {"b": {}}}, "a.b.c.d") == 3


def test_a_trail_without_trace_ids_says_what_to_write() -> None:
    """When no entry at all had its trace id, the target file must name its key."""
    fields = EntryFields()
    assert fields.unnamed == ""
    fields.entry({**without("trace_id"), "key one": "A", "key two": "B"})
    assert fields.unnamed.startswith("no entry has trace_id; name its key, one of timestamp, action")
    fields.entry(ENTRY)
    assert fields.unnamed == ""
