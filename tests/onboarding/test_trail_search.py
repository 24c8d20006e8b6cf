"""The trail is what holds the trace id: its fields by their values, its time by its number."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from technogate.onboarding.trail_search import Known, find_trail, other_fields, snapshot, sql_query, time_form


def known(at: float) -> Known:
    """A request whose entry is sought."""
    return Known(trace_id="abc-1", command="PING", state="APPROVED", execution_id="", at=at)


def test_fields_of_a_log_line_are_found_by_their_values(tmp_path: Path) -> None:
    """A line of a logging library: the entry one level down, the time in milliseconds."""
    now = time.time()
    before = snapshot([tmp_path])
    entry = {
        "level": 30,
        "at": int(now * 1000),
        "audit": {"id": "abc-1", "what": "PING", "state": "APPROVED", "ok": "SUCCESS"},
    }
    (tmp_path / "app.log").write_text(json.dumps(entry) + "\n", "utf-8")
    trail = find_trail(known(now), before, [tmp_path], [])
    assert trail is not None
    assert trail.time == "epoch_ms"
    assert other_fields(trail) == {
        "trace_id": "audit.id", "action": "audit.what", "state": "audit.state", "result": "audit.ok", "timestamp": "at",
    }  # fmt: skip


@pytest.mark.slow
def test_a_file_that_did_not_change_is_no_trail(tmp_path: Path) -> None:
    """Only what changed since the request was sent is searched."""
    (tmp_path / "notes.txt").write_text("abc-1", "utf-8")
    assert find_trail(known(time.time()), snapshot([tmp_path]), [tmp_path], []) is None


def test_a_table_of_a_database_is_found(tmp_path: Path) -> None:
    """The query names each column by the value that it had; a field without a column is NULL."""
    now = time.time()
    before = snapshot([tmp_path])
    with closing(sqlite3.connect(tmp_path / "trail.db")) as database:
        database.execute("CREATE TABLE audit (at REAL, verb TEXT, state TEXT, trace TEXT)")
        database.execute("INSERT INTO audit VALUES (?, 'PING', 'APPROVED', 'abc-1')", (now,))
        database.commit()
    trail = find_trail(known(now), before, [tmp_path], [])
    assert trail is not None
    assert trail.table == "audit"
    assert sql_query(trail) == (
        "SELECT at AS timestamp, verb AS action, NULL AS result, state AS state, NULL AS execution_id, "
        "trace AS trace_id FROM audit ORDER BY rowid DESC"
    )


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (1_700_000_000, "epoch_s"),
        (1_700_000_000_123, "epoch_ms"),
        ("1700000000123456", "epoch_us"),
        (1_700_000_000_123_456_789, "epoch_ns"),
        ("2023-11-14T22:13:20Z", "rfc3339"),
        ("2023-11-14T23:13:20+01:00", "rfc3339"),
        (12, ""),
        ("PING", ""),
        (True, ""),
    ],
)
def test_forms_of_a_time(value: object, form: str) -> None:
    """A number is a time where it is near the present one in one of the units."""
    assert time_form(value, 1_700_000_000.0) == form
