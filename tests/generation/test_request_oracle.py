"""The oracle of requests: each request is allowed, forbidden, or left open."""

from __future__ import annotations

import json

import pytest

from technogate.contract.loader import Contract
from technogate.drivers.http.api_keys import EMPTY_KEY, NO_KEY, foreign_key, near_misses, right_key
from technogate.drivers.http.http_driver import Case
from technogate.generation.requests.request_oracle import (
    Auth,
    RequestDefect,
    Validity,
    auth,
    expected,
    limit_of,
    state_of,
)


def execute(body: bytes, content_type: str = "application/json") -> Case:
    """An execute request."""
    return Case(method="POST", path="/api/execute", operation="executeCommand", body=body, content_type=content_type)


def read(*query: tuple[str, str], operation: str = "fetchAuditLog") -> Case:
    """A read of the trail."""
    return Case(method="GET", path="/api/audit", operation=operation, query=query)


def body(**members: object) -> bytes:
    """A JSON object."""
    return json.dumps(members).encode()


@pytest.mark.parametrize(
    "raw",
    [
        body(command="PING"),
        body(command="A" * 32, session_id=""),
        body(command="___", session_id="x" * 128),
        body(command="PING", session_id="\x00"),
        body(command="PING", further={"deep": [1, {"x": None}]}),
        b' {"command"\n:"\\u0050ING"} ',
        body(command="PING").ljust(65536),
    ],
)
def test_allowed_commands(contract: Contract, raw: bytes) -> None:
    """The oracle expects 200 and nothing else for an allowed command."""
    expectation = expected(contract, execute(raw))
    assert (expectation.validity, set(expectation.responses)) == (Validity.ALLOWED, {200})


@pytest.mark.parametrize(
    ("raw", "faults"),
    [
        (body(), {RequestDefect.COMMAND}),
        (body(command="AB"), {RequestDefect.COMMAND}),
        (body(command="A" * 33), {RequestDefect.COMMAND}),
        (body(command="PING\n"), {RequestDefect.COMMAND}),
        (body(command=None), {RequestDefect.COMMAND}),
        (body(command=["PING"]), {RequestDefect.COMMAND}),
        (body(command="PING", session_id="x" * 129), {RequestDefect.SESSION}),
        (body(command="PING", session_id=5), {RequestDefect.SESSION}),
        (body(command="ping", session_id=5), {RequestDefect.COMMAND, RequestDefect.SESSION}),
        (b"", {RequestDefect.BODY}),
        (b"[]", {RequestDefect.BODY}),
        (b"null", {RequestDefect.BODY}),
        (b'{"command": "PING"', {RequestDefect.BODY}),
        (b'{"command": "PING"} x', {RequestDefect.BODY}),
        (b'{"command": "PING", "x": NaN}', {RequestDefect.BODY}),
        (b'{"command": "PING", "x": "\xff"}', {RequestDefect.BODY}),
        (body(command="PING").ljust(65537), {RequestDefect.SIZE}),
    ],
)
def test_forbidden_commands(contract: Contract, raw: bytes, faults: set[RequestDefect]) -> None:
    """The oracle names each fault of a forbidden command, and never expects 200."""
    expectation = expected(contract, execute(raw))
    assert (expectation.validity, set(expectation.faults)) == (Validity.FORBIDDEN, faults)
    assert expectation.responses == ({400, 413} if RequestDefect.SIZE in faults else {400})


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonp", "", "application/vnd.api+json", "json"])
def test_other_content_types(contract: Contract, content_type: str) -> None:
    """The oracle forbids another content type, and accepts 415 as well as 400."""
    expectation = expected(contract, execute(body(command="PING"), content_type))
    assert (expectation.validity, set(expectation.responses), set(expectation.faults)) == (
        Validity.FORBIDDEN,
        {400, 415},
        {RequestDefect.TYPE},
    )


@pytest.mark.parametrize(
    "case",
    [
        execute(body(command="PING", session_id=None)),
        execute(b"\xef\xbb\xbf" + body(command="PING")),
        execute(b'{"command": "PING", "command": "PING"}'),
        execute(b'{"command": "PING", "x": "\\ud800"}'),
        execute(b'{"command": "PING", "x": ' + b"[" * 9000 + b"]" * 9000 + b"}"),
        execute(b'{"command": "PING", "x": ' + b"9" * 6000 + b"}"),
        execute(json.dumps({"command": "PING"}).encode("utf-16")),
        execute(body(command="PING", session_id="😀" * 65)),
        execute(body(command="PING"), "application/json; charset=utf-8"),
        execute(body(command="PING"), "Application/JSON"),
        read(("filter", "all"), ("filter", "all")),
        read(("filter", "")),
        read(("limit", "")),
        read(("limit", "+5")),
        read(("limit", "007")),
        read(("limit", " 5")),
        read(("limit", "5.0")),
        read(("nobody", "knows")),
    ],
    ids=lambda case: case.target[-20:] + repr(case.body)[:30],
)
def test_left_open(contract: Contract, case: Case) -> None:
    """Where the contract leaves a choice, both a refusal and the plain reading conform."""
    expectation = expected(contract, case)
    assert expectation.validity is Validity.OPEN
    assert {200, 400} <= expectation.responses


@pytest.mark.parametrize("value", ["0", "-1", "1001", "00", "+1001", "1.5", "10abc", "1e2", "0x10", "ten", "9" * 5000])
def test_forbidden_limits(contract: Contract, value: str) -> None:
    """The oracle expects only 400 for a limit that is not an integer from 1 to 1000."""
    expectation = expected(contract, read(("limit", value)))
    assert (expectation.validity, set(expectation.responses)) == (Validity.FORBIDDEN, {400})


@pytest.mark.parametrize("value", ["ALL", "approved", "BLOCKED ", "PENDING", "BLOCKED,EXPIRED", "0"])
def test_forbidden_filters(contract: Contract, value: str) -> None:
    """The oracle expects only 400 for an unknown filter, whatever other parameters there are."""
    assert expected(contract, read(("filter", value), ("limit", ""))).responses == {400}


def test_a_read_has_its_state_and_limit(contract: Contract) -> None:
    """A read has the state and limit of its query, or else the contract's defaults."""
    assert (state_of(contract, read()), limit_of(contract, read())) == ("", 50)
    case = read(("limit", "7"), ("filter", "EXPIRED"))
    assert (state_of(contract, case), limit_of(contract, case)) == ("EXPIRED", 7)
    assert state_of(contract, read(("filter", "all"))) == ""


def test_memory_takes_no_query(contract: Contract) -> None:
    """A read of the memory is allowed without a query, and left open with one."""
    plain = Case(method="GET", path="/api/memory", operation="fetchMemory")
    assert expected(contract, plain).responses == {200, 204}
    case = Case(method="GET", path="/api/memory", operation="fetchMemory", query=(("x", "1"),))
    assert expected(contract, case).validity is Validity.OPEN


def test_unknown_paths_have_no_expectation(contract: Contract) -> None:
    """The oracle expects nothing of a path that belongs to no operation."""
    assert expected(contract, Case(method="GET", path="/nothing")).responses == frozenset()


def test_a_key_is_right_missing_or_wrong() -> None:
    """A missing or empty key counts as missing; any other key, near misses included, counts as wrong."""
    key = "Some-Key_123456"
    right = right_key(key)
    assert [auth(sent_key, right) for sent_key in (right, NO_KEY, EMPTY_KEY)] == [
        Auth.RIGHT,
        Auth.MISSING,
        Auth.MISSING,
    ]
    assert {auth(sent_key, right) for sent_key in (foreign_key(), *near_misses(key))} == {Auth.WRONG}
