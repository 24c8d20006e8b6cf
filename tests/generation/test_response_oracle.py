"""The oracle of responses: it decides from the bytes that a client gets how a console must treat them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from technogate.contract.loader import Contract, load_contract
from technogate.generation.responses.response_oracle import (
    Meaning,
    ReceivedResponse,
    ResponseReading,
    doubtful_time,
    read_response,
)

GOOD = {"status": "APPROVED", "ts_utc": "2026-01-01T12:00:00Z", "trace_id": "t-1", "reason_codes": []}
ENTRY = {"timestamp": "2026-01-01T12:00:00Z", "action": "PING", "result": "SUCCESS", "state": "APPROVED"}
SNAPSHOT = {"command": "PING", "output": "pong", "timestamp": "2026-01-01T12:00:00Z", "status": "APPROVED"}
ENVELOPE = {"status": "BLOCKED", "ts_utc": "2026-01-01T12:00:00Z", "trace_id": "t-1", "reason_codes": ["API_BLOCKED"]}
TEXT = json.dumps(GOOD)


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract that ships with the gate."""
    return load_contract(Path(__file__).parents[2] / "contracts" / "console-v0.1")


def read(
    contract: Contract,
    body: bytes | str | object,
    *,
    status: int = 200,
    content_type: str | None = "application/json",
    operation: str = "executeCommand",
    trouble: str = "",
    unseen: bool = False,
) -> ResponseReading:
    """The reading of one response; a body that is neither bytes nor text is written as JSON."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode("utf-8")
    schema = {"executeCommand": "ExecuteResponse", "fetchMemory": "MemorySnapshot"}.get(operation, "AuditList")
    received = ReceivedResponse(status=status, content_type=content_type, body=raw, trouble=trouble, unseen=unseen)
    return read_response(contract, operation, schema, received)


CONFORMING: dict[str, tuple[str, object]] = {
    "an approval": ("executeCommand", GOOD),
    "with all that is optional": ("executeCommand", {**GOOD, "message": "done", "execution_id": "exec_1"}),
    "expired with a reason": ("executeCommand", {**GOOD, "status": "EXPIRED", "reason_codes": ["SESSION_EXPIRED"]}),
    "blocked with a reason": ("executeCommand", ENVELOPE),
    "an empty list": ("fetchAuditLog", []),
    "a list": ("fetchAuditLog", [ENTRY, {**ENTRY, "trace_id": "t", "execution_id": "e_1"}]),
    "the fallback's list": ("fetchDiagnosticMetrics", [ENTRY]),
    "a snapshot": ("fetchMemory", {**SNAPSHOT, "output": ""}),
}


@pytest.mark.parametrize("name", CONFORMING)
def test_conforming(contract: Contract, name: str) -> None:
    """A console must show unchanged what the contract's schemas accept."""
    operation, value = CONFORMING[name]
    reading = read(contract, value, operation=operation)
    assert (reading.meaning, reading.value) == (Meaning.CONFORMS, value)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_content_types_of_json(contract: Contract, kind: str) -> None:
    """The media type may have parameters, in upper or lower case."""
    assert read(contract, GOOD, content_type=kind).meaning is Meaning.CONFORMS


REFUSED: dict[str, tuple[object, str]] = {
    "lower case": ({**GOOD, "status": "approved"}, "$.status: expected one of"),
    "missing": ({name: GOOD[name] for name in ("ts_utc", "trace_id", "reason_codes")}, 'the field "status"'),
    "no reason": ({**GOOD, "status": "BLOCKED"}, "$.reason_codes: expected at least 1 items"),
    "optional and null": ({**GOOD, "message": None}, "$.message"),
    "a list": ([GOOD], "$: expected an object"),
    "NaN": (TEXT[:-1] + ', "further": NaN}', "not JSON"),
    "two documents": (TEXT + TEXT, "not JSON"),
    "empty": ("", "not JSON: it is empty"),
    "a page": ("<html></html>", "not JSON"),
    "a status that is not UTF-8": (
        TEXT.replace("APPROVED", "APPROVED\udcff").encode("utf-8", "surrogateescape"),
        "$.status",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(contract: Contract, name: str) -> None:
    """A response that breaks the contract must fail closed, and the reading names the place."""
    body, why = REFUSED[name]
    reading = read(contract, body)
    assert reading.meaning is Meaning.REFUSED
    assert why in reading.why


@pytest.mark.parametrize("status", [201, 204, 302, 400, 401, 500, 503])
def test_no_other_status_is_shown(contract: Contract, status: int) -> None:
    """No response but a 200 is shown, whatever its body contains."""
    assert read(contract, GOOD, status=status).meaning is Meaning.REFUSED


@pytest.mark.parametrize("kind", [None, "", "text/html", "text/json", "application/jsonp", "x/y, application/json"])
def test_other_content_types(contract: Contract, kind: str | None) -> None:
    """A body under another content type is not JSON."""
    assert read(contract, GOOD, content_type=kind).meaning is Meaning.REFUSED


@pytest.mark.parametrize("operation", ["fetchAuditLog", "fetchDiagnosticMetrics", "fetchMemory"])
def test_reads_of_a_blocked_envelope(contract: Contract, operation: str) -> None:
    """A BLOCKED envelope conforms, and the console has nothing to show."""
    reading = read(contract, ENVELOPE, operation=operation)
    assert (reading.meaning, reading.why) == (Meaning.REFUSED, "the response has the status BLOCKED")


def test_incomplete_responses_are_refused(contract: Contract) -> None:
    """The oracle refuses a response that no client can receive whole."""
    assert read(contract, GOOD, trouble="cut").why == "cut"


LEFT_OPEN: dict[str, object] = {
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "a key twice": TEXT[:-1] + ', "status": "BLOCKED"}',
    "a further field": {**GOOD, "further": 1},
    "a leap second": {**GOOD, "ts_utc": "2016-12-31T23:59:60Z"},
    "a day that is not there": {**GOOD, "ts_utc": "2023-02-29T12:00:00Z"},
    "a message that is not UTF-8": (TEXT[:-1] + ', "message": "caf\udce9"}').encode("utf-8", "surrogateescape"),
    "half a surrogate pair": TEXT[:-1] + ', "message": "\\ud800"}',
}


@pytest.mark.parametrize("name", LEFT_OPEN)
def test_left_open(contract: Contract, name: str) -> None:
    """The oracle never reports a client for what the contract leaves open."""
    assert read(contract, LEFT_OPEN[name]).meaning is Meaning.OPEN


def test_an_open_point_does_not_excuse_a_violation(contract: Contract) -> None:
    """The oracle refuses a response that has an open point and also breaks the contract."""
    wrong = {**GOOD, "status": "approved", "further": 1}
    assert read(contract, wrong).meaning is Meaning.REFUSED
    assert read(contract, b"\xef\xbb\xbf" + json.dumps(wrong).encode()).meaning is Meaning.REFUSED
    assert read(contract, '{"status": "a", "status": "b"}').meaning is Meaning.REFUSED


def test_further_field_of_an_entry(contract: Contract) -> None:
    """The oracle observes further fields within a list as well."""
    assert read(contract, [ENTRY, {**ENTRY, "x": 1}], operation="fetchAuditLog").meaning is Meaning.OPEN


def test_invisible_damage_is_accepted(contract: Contract) -> None:
    """The oracle ignores damage that a client cannot observe, if the observed part conforms."""
    assert read(contract, GOOD, unseen=True).meaning is Meaning.OPEN
    assert read(contract, {}, unseen=True).meaning is Meaning.REFUSED


def test_table_of_fields(contract: Contract) -> None:
    """A reading lists the fields of the response as JSON, those of its first entry for a list."""
    assert read(contract, {**GOOD, "status": 1}).fields()["response field status"] == "1"
    assert read(contract, [ENTRY], operation="fetchAuditLog").fields()["response entry 1, field action"] == '"PING"'
    assert read(contract, "no").fields() == {}


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("2026-01-01T12:00:00Z", False),
        ("2024-02-29T12:00:00.5Z", False),
        ("0000-01-01T00:00:00Z", True),
        ("2026-01-01T12:00:00.0123456789Z", True),
        ("no time", False),
    ],
)
def test_doubtful_times(text: str, doubtful: bool) -> None:
    """A time is doubtful when strict parsers read it differently."""
    assert doubtful_time(text) is doubtful
