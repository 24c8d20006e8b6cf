"""Audit sources: the newest entries first, or one line with the reason."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from technogate.model.events import TrailEntry
from technogate.target.spec import AuditSpec
from technogate.trail.entry import FIELDS, TrailError, as_text
from technogate.trail.entry_fields import EntryFields
from technogate.trail.sources.api_source import ApiSource
from technogate.trail.sources.jsonl_source import JsonlSource
from technogate.trail.sources.open_source import open_source
from technogate.trail.sources.sql_source import SqlSource
from tests.stand_in import StandIn, StandInRequest, http_response

KEY = "TgAbCdEfGh0123456789"
ENTRY = {
    "timestamp": "2026-01-02T03:04:05Z",
    "action": "PING",
    "result": "SUCCESS",
    "state": "APPROVED",
    "trace_id": "t-1",
    "execution_id": "exec_1",
}
FULL = msgspec.convert(ENTRY, TrailEntry)

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a backend that knows `KEY`; after some 429 each read gets the same response. Yields its base URL."""
    with ExitStack() as stack:

        def start(body: bytes, status: int = 200, refused: int = 0) -> str:
            refusals = iter(range(refused))

            def handler(request: StandInRequest) -> bytes:
                query = dict(request.query)
                known = (request.path, query.get("filter"), request.header("X-API-Key")) == ("/api/audit", "all", KEY)
                own = {"X-Trace-Id": "own-1"}
                if next(refusals, None) is not None:
                    return http_response(429, headers={**own, "Retry-After": "0"})
                content = body.replace(b"LIMIT", query["limit"].encode())
                return http_response(status if known else 403, content, headers=own)

            return stack.enter_context(StandIn(handler)).url

        yield start


def test_the_api_is_read_with_the_key(serve: Serve) -> None:
    """All entries are returned unchanged with further fields, and the read's own trace id is recorded."""
    source = ApiSource(serve(json.dumps([ENTRY, {"state": None, "more": {"a": 1}}]).encode()), KEY)
    assert list(source.own_trace_ids) == []
    assert source.read() == (FULL, TrailEntry(extra={"more": '{"a": 1}'}))
    assert list(source.own_trace_ids) == ["own-1"]
    assert KEY not in source.name


def test_an_api_that_limits_its_rate_is_read_all_the_same(serve: Serve) -> None:
    """A read that gets a 429 is repeated a bounded number of times, and each is recorded as the gate's own."""
    source = ApiSource(serve(json.dumps([ENTRY]).encode(), refused=2), KEY)
    assert source.read() == (FULL,)
    assert list(source.own_trace_ids) == ["own-1"] * 3
    with pytest.raises(TrailError, match="it responds 429"):
        ApiSource(serve(b"[]", refused=100), KEY).read()


def test_the_api_is_never_requested_beyond_its_limit(serve: Serve) -> None:
    """A read never exceeds the contract's maximum."""
    source = ApiSource(serve(b'[{"action": "LIMIT"}]'), KEY)
    assert [source.read(limit)[0].action for limit in (1, 1000, 5000)] == ["1", "1000", "1000"]


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        (b"[]", 500, "it responds 500"),
        (b"[]", 204, "it responds 204"),
        (b'["\xff"]', 200, "its response is not JSON"),
        (b"<html>", 200, "its response is not JSON"),
        (b'{"status": "BLOCKED"}', 200, "its response is not a list: its status is BLOCKED"),
        (b"7", 200, "its response is not a list"),
        (b"[{}, 7]", 200, "entry 2 is not an object"),
    ],
)
def test_an_api_that_gives_no_trail_cannot_be_read(serve: Serve, body: bytes, status: int, line: str) -> None:
    """A response that is not a list of entries is an error, never an empty audit trail."""
    with pytest.raises(TrailError, match=line):
        ApiSource(serve(body, status), KEY).read()


def test_an_api_that_refuses_or_is_gone_cannot_be_read(serve: Serve) -> None:
    """A wrong key and a closed port are errors, and their text does not contain the key."""
    url = serve(b"[]")
    with pytest.raises(TrailError, match="it responds 403"):
        ApiSource(url, "another-key-entirely").read()
    with pytest.raises(TrailError, match="cannot be read: ") as caught:
        ApiSource("http://127.0.0.1:1", KEY).read()
    assert KEY not in str(caught.value)


def lines(*entries: object) -> str:
    """Entries as lines of JSON."""
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def test_json_lines_are_read_newest_first(tmp_path: Path) -> None:
    """The file is in the order of writing; its keys may have other names; the rest is kept."""
    path = tmp_path / "trail.jsonl"
    first, *more = ({"ts": str(number), "state": "BLOCKED", "trace_id": f"t-{number}"} for number in (1, 2, 3))
    path.write_text(lines({**first, "x": 1}, *more) + "\n")
    source = JsonlSource(path, EntryFields({"timestamp": "ts"}))
    assert [entry.timestamp for entry in source.read()] == ["3", "2", "1"]
    assert source.read()[2] == TrailEntry(timestamp="1", state="BLOCKED", trace_id="t-1", extra={"x": "1"})
    assert [entry.timestamp for entry in source.read(limit=2)] == ["3", "2"]


def test_only_a_last_line_without_its_newline_may_be_torn(tmp_path: Path) -> None:
    """An incomplete last line is ignored and a complete one counts; a broken line elsewhere is no entry."""
    path = tmp_path / "trail.jsonl"
    source = JsonlSource(path)
    path.write_text(lines(ENTRY) + '{"timest')
    assert source.read() == (FULL,)
    path.write_text(lines(ENTRY).rstrip("\n"))
    assert source.read() == (FULL,)
    path.write_text(lines(ENTRY) + '{"timest\n')
    assert source.read() == (FULL,)
    assert source.notes == [
        "lines that are no entries are passed over; the first: line 2 of trail.jsonl is no JSON object"
    ]


@pytest.mark.parametrize("bad", ['{"a": "\udcff"}', "[]", "7", '"text"', "null", "{", '{"a": NaN}', '{"level": 30}'])
def test_a_line_that_is_no_entry_is_passed_over_and_said(tmp_path: Path, bad: str) -> None:
    """Whatever else a logging library writes between entries is no entry, and is kept to be searched for the key."""
    path = tmp_path / "trail.jsonl"
    path.write_text(lines(ENTRY) + bad + "\n" + lines(ENTRY), "utf-8", errors="surrogateescape")
    source = JsonlSource(path)
    assert source.read() == (FULL, FULL)
    assert "line 2 of trail.jsonl" in source.notes[0]
    assert source.take_other() == bad.replace("\udcff", "\ufffd") + "\n"
    assert source.take_other() == ""


def test_a_missing_file(tmp_path: Path) -> None:
    """Before the first entry the file may be missing; later, or without its folder, that is an error."""
    path = tmp_path / "trail.jsonl"
    source = JsonlSource(path)
    assert source.read() == ()
    path.write_text(lines(ENTRY))
    assert len(source.read()) == 1
    path.unlink()
    with pytest.raises(TrailError, match="is not there"):
        source.read()
    with pytest.raises(TrailError, match="is not there"):
        JsonlSource(tmp_path / "absent" / "trail.jsonl").read()
    with pytest.raises(TrailError, match="cannot be read"):
        JsonlSource(tmp_path).read()


QUERY = "SELECT * FROM trail ORDER BY id DESC"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A SQLite trail of three entries."""
    path = tmp_path / "a trail.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE trail (id INTEGER PRIMARY KEY, {', '.join(FIELDS)})")
        for number in range(3):
            values = tuple({**ENTRY, "trace_id": f"t-{number}"}[field] for field in FIELDS)
            connection.execute(f"INSERT INTO trail ({', '.join(FIELDS)}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - our own names
        connection.commit()
    return path


def test_a_database_is_read_in_the_order_of_the_query(database: Path) -> None:
    """Rows keep the order of the query, up to the limit, with further columns."""
    source = SqlSource(f"sqlite:///{database}", QUERY)
    assert [entry.trace_id for entry in source.read()] == ["t-2", "t-1", "t-0"]
    assert source.read(limit=1) == (msgspec.structs.replace(FULL, trace_id="t-2", extra={"id": "3"}),)
    assert source.name == "sql sqlite a trail.db"


def test_a_query_is_the_users_own_text(database: Path) -> None:
    """Colons and percent signs in a query are not parameters."""
    query = "SELECT *, ':x %s' AS odd FROM trail WHERE state LIKE '%PPR%' AND action <> ':name'"
    assert SqlSource(f"sqlite:///{database}", query).read(1)[0].extra["odd"] == ":x %s"


def test_a_database_is_never_written(database: Path, tmp_path: Path) -> None:
    """The database refuses a query that would write, and a missing file is not created."""
    with pytest.raises(TrailError, match="readonly"):
        SqlSource(f"sqlite:///{database}", "DELETE FROM trail RETURNING *").read()
    assert len(SqlSource(f"sqlite:///{database}", QUERY).read()) == 3
    with pytest.raises(TrailError, match="unable to open"):
        SqlSource(f"sqlite:///{tmp_path}/absent.db", QUERY).read()
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT timestamp, action, result, state, trace_id FROM trail", "no column execution_id; .* NULL AS exec"),
        ("SELECT 1 AS state", "no column timestamp, action, result, trace_id, execution_id"),
        ("SELECT * FROM absent", "no such table: absent"),
        ("SELEC", "syntax error"),
        ("PRAGMA foreign_keys = ON", "it must be a SELECT"),
    ],
)
def test_a_query_that_does_not_fit_is_an_error(database: Path, query: str, line: str) -> None:
    """A missing column is named with a hint; the database's message is passed on in one line."""
    with pytest.raises(TrailError, match=line) as caught:
        SqlSource(f"sqlite:///{database}", query).read()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "nosuchdb://host/x"])
def test_a_url_that_names_no_database_is_an_error(url: str) -> None:
    """An unusable URL is an error before any reading."""
    with pytest.raises(TrailError, match="the audit database cannot be reached: "):
        SqlSource(url, QUERY)


def test_a_password_is_never_shown() -> None:
    """Neither the name of a source nor its error holds the password of the database."""
    source = SqlSource("postgresql://me:pass-word-9@127.0.0.1:1/trail", QUERY)
    with pytest.raises(TrailError, match="sql postgresql trail cannot be read: ") as caught:
        source.read()
    assert "pass-word-9" not in str(caught.value) + source.name


def test_values_become_text() -> None:
    """Times with a zone are in UTC with a Z; nothing is empty; numbers and lists are JSON."""
    assert as_text(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "2026-01-02T03:04:05.000006Z"
    assert as_text(datetime.fromisoformat("2026-01-02T03:04:05")) == "2026-01-02 03:04:05.000000"
    assert as_text(datetime.fromisoformat("2026-01-02T03:04:05+02:00")) == "2026-01-02T01:04:05.000000Z"
    assert [as_text(value) for value in (None, "", 5, True, ["é"])] == ["", "", "5", "true", '["é"]']
    assert as_text(UUID(int=1)) == "00000000-0000-0000-0000-000000000001"


def test_a_field_by_another_name_is_not_also_kept_as_extra() -> None:
    """A mapped key is the field; the field's own name is then a further one."""
    entry = EntryFields({"timestamp": "ts"}).entry({"ts": "1", "timestamp": "2", "state": "BLOCKED"})
    assert entry == TrailEntry(timestamp="1", state="BLOCKED", extra={"timestamp": "2"})


def test_a_source_is_opened_as_described(tmp_path: Path) -> None:
    """Each word of the target file opens its kind of source."""
    api = open_source(AuditSpec(), "http://127.0.0.1:1", KEY)
    jsonl = open_source(AuditSpec(source="jsonl", path=str(tmp_path / "t")), "", KEY)
    sql = open_source(AuditSpec(source="sql", url=f"sqlite:///{tmp_path}/t.db", query=QUERY), "", KEY)
    assert (type(api), type(jsonl), type(sql)) == (ApiSource, JsonlSource, SqlSource)
    assert jsonl.own_trace_ids == sql.own_trace_ids == ()
