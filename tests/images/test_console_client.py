"""The console's client as a bare module in Node: what it sends, and how it handles every kind of response."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.images.console_mock_backend import (
    CLIENT,
    KEY,
    NOW,
    WAIT_S,
    Node,
    PlannedBackend,
    Reply,
    entry,
    executed,
    node,
    node_program,
    refused,
    reply,
    snapshot,
)
from tests.stand_in import StandInRequest

pytestmark = pytest.mark.slow

STATUSES = ["APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"]
CLOSED_PORT = "http://127.0.0.1:9"  # the discard port: nobody listens there
ERROR_STATUSES = [400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 418, 422, 429, 500, 501, 502, 503, 504, 599]
GOOD = json.dumps(executed()).encode()
ZIPPED = gzip.compress(GOOD)


@pytest.fixture(scope="module")
def process() -> Iterator[Node]:
    """One Node process for the whole module."""
    with node() as running:
        yield running


@pytest.fixture(scope="module")
def listening() -> Iterator[PlannedBackend]:
    """One stand-in for the backend for the whole module."""
    with PlannedBackend() as mock_backend:
        yield mock_backend


@pytest.fixture
def mock_backend(listening: PlannedBackend) -> PlannedBackend:
    """The stand-in, reset."""
    listening.forget()
    return listening


@pytest.fixture
def client(process: Node, mock_backend: PlannedBackend) -> Node:
    """The client, configured for the stand-in."""
    process.call("configurationProblem", settings={"apiUrl": mock_backend.url, "apiKey": KEY})
    return process


def raw(head: str, body: bytes = b"", then: Any = "close") -> Reply:
    """A response whose head is given line by line."""
    return Reply(raw=head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body, then=then)


def json_head(length: int, *more: str) -> str:
    """The head of a 200 that announces so many bytes of JSON."""
    # The server takes one request from a connection: a client that was not told so may send the next one into its end.
    own = ["Content-Type: application/json", "Connection: close", f"Content-Length: {length}"]
    return "\n".join(["HTTP/1.1 200 OK", *own, *more])


#: Answers that are cut short or cannot be decoded.
BROKEN = {
    "nothing": Reply(),
    "reset": Reply(then="reset"),
    "reset in the head": Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Ty", then="reset"),
    "reset in the body": Reply(raw=raw(json_head(len(GOOD))).raw + GOOD[:30], then="reset"),
    "no http": Reply(raw=b"APPROVED\r\n\r\n"),
    "shorter than announced": raw(json_head(len(GOOD) + 10), GOOD),
    "longer than announced": raw(json_head(len(GOOD) - 1), GOOD),
    "chunks without an end": raw(
        "HTTP/1.1 200 OK\nContent-Type: application/json\nTransfer-Encoding: chunked",
        f"{len(GOOD):x}\r\n".encode() + GOOD + b"\r\n",
    ),
    "a chunk cut": raw(
        "HTTP/1.1 200 OK\nContent-Type: application/json\nTransfer-Encoding: chunked",
        f"{len(GOOD):x}\r\n".encode() + GOOD[:20],
    ),
    "gzip that is none": raw(json_head(len(GOOD), "Content-Encoding: gzip"), GOOD),
    "gzip cut": raw(json_head(len(ZIPPED) // 2, "Content-Encoding: gzip"), ZIPPED[: len(ZIPPED) // 2]),
    "gzip not announced": raw(json_head(len(ZIPPED)), ZIPPED),
}


def each(field: str, *values: object) -> dict[str, Reply]:
    """Responses that conform except for this field, one for each value."""
    return {f"{field} {value!r:.30}": reply(200, executed(**{field: value})) for value in values}


#: Complete answers of 200 that are no ExecuteResponse.
MALFORMED: dict[str, Reply] = {
    "empty": reply(200, b""),
    "html": reply(200, b"<h1>APPROVED</h1>", kind="text/html"),
    "json as html": reply(200, GOOD, kind="text/html"),
    "json as text": reply(200, GOOD, kind="text/plain"),
    "json as another json": reply(200, GOOD, kind="application/problem+json"),
    "two content types": reply(200, GOOD, kind="application/json, text/html"),
    "no content type": reply(200, GOOD, kind=None),
    "cut": reply(200, GOOD[:-1]),
    "two values": reply(200, GOOD + GOOD),
    "not utf-8": reply(200, json.dumps(executed(message="?")).encode().replace(b"?", b"\xff")),
    "utf-16": reply(200, json.dumps(executed()).encode("utf-16"), kind="application/json; charset=utf-16"),
    "not a number": reply(200, GOOD[:-1] + b', "x": NaN}'),
    "null": reply(200, b"null"),
    "a word": reply(200, "APPROVED"),
    "a list": reply(200, [executed()]),
    "a number": reply(200, b"1"),
    **{f"without {name}": reply(200, executed(**{name: ...})) for name in executed() if name != "status"},
    **each(
        "ts_utc", "", None, 0, "now", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00+00:00",
        "2026-01-31 12:00:00Z", "2026-01-31T12:00:00z", "2026-02-30T12:00:00Z", "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z", "2026-00-10T12:00:00Z", "2026-01-00T12:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z", "2026-01-31T12:00:60Z", "2026-01-31T12:00:00.Z", f"{NOW}\n", f" {NOW}",
    ),
    **each("trace_id", "", None, 7, "UPPER", "under_score", "sp ace", "a" * 65, "line\n", ["a"], "<b>x</b>"),
    **each("reason_codes", None, "X", {}, [""], [1], ["1X"], ["A-B"], ["A B"], [["A"]], ["OK", None]),
    **each("execution_id", None, "", "A", "a-b", 1),
    **each("message", None, 1, ["x"]),
    "BLOCKED without a reason": reply(200, executed(status="BLOCKED", trace_id="quiet-1")),
    "EXPIRED without a reason": reply(200, executed(status="EXPIRED", trace_id="quiet-1")),
}  # fmt: skip

UNKNOWN_STATUSES = [
    "", "approved", "Approved", " APPROVED", "APPROVED ", "APPROVED\n", "APPROVED\0", "PENDING", "OK", "ALLOWED",
    "constructor", None, 1, True, ["APPROVED"], {"status": "APPROVED"}, ...,
]  # fmt: skip


def execute(client: Node, mock_backend: PlannedBackend, said: Reply) -> Any:
    """The result of a command with this response; it must have been sent exactly once."""
    mock_backend.plan["/api/execute"] = said
    outcome = client.call("executeCommand", "STATUS")
    assert [request.method for request in mock_backend.received] == ["POST"]
    return outcome


def assert_blocked_here(outcome: Any, code: str) -> None:
    """Assert that the outcome is a BLOCKED made by the client, with this reason."""
    assert outcome["status"] == "BLOCKED"
    assert outcome["reason_codes"] == [code]
    assert outcome["trace_id"].startswith("local-")
    assert outcome["ts_utc"].endswith("Z")
    assert 1 <= len(outcome["message"]) <= 200


@pytest.mark.parametrize("status", STATUSES)
def test_a_conforming_response_is_returned_as_it_is(client: Node, mock_backend: PlannedBackend, status: str) -> None:
    """CON-02, CON-18: each of the five statuses is returned with its fields, and without unknown ones."""
    response = executed(status=status, reason_codes=["A_1", "Zb"], execution_id="exec_1", message="")
    assert execute(client, mock_backend, reply(200, {**response, "further": {"status": "APPROVED"}})) == response


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ts_utc", "2024-02-29T23:59:59Z"),
        ("ts_utc", "2016-12-31T23:59:60Z"),
        ("ts_utc", "2026-01-31T12:00:00.123456789Z"),
        ("trace_id", "-"),
        ("trace_id", "a" * 64),
        ("message", "ü" * 5000),
    ],
)
def test_the_edges_of_the_contract_conform(client: Node, mock_backend: PlannedBackend, field: str, value: str) -> None:
    """CON-02: a rare but valid value is no violation."""
    assert execute(client, mock_backend, reply(200, executed(**{field: value}))) == executed(**{field: value})


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;v=1"])
def test_a_content_type_may_have_parameters(client: Node, mock_backend: PlannedBackend, kind: str) -> None:
    """CON-08: parameters and case of the content type do not matter."""
    assert execute(client, mock_backend, reply(200, executed(), kind=kind))["status"] == "APPROVED"


def test_a_compressed_response_conforms(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-08: compression that is whole is no violation."""
    assert execute(client, mock_backend, raw(json_head(len(ZIPPED), "Content-Encoding: gzip"), ZIPPED)) == executed()


@pytest.mark.parametrize("status", UNKNOWN_STATUSES, ids=repr)
def test_an_unknown_status_is_blocked(client: Node, mock_backend: PlannedBackend, status: object) -> None:
    """CON-03: only the five statuses count, in exactly that case."""
    assert_blocked_here(execute(client, mock_backend, reply(200, executed(status=status))), "UNKNOWN_STATUS")


@pytest.mark.parametrize("http", ERROR_STATUSES)
@pytest.mark.parametrize("body", [executed(), b"", b"<h1>no</h1>"], ids=["approved", "empty", "html"])
def test_an_error_status_is_blocked_whatever_its_body_says(
    client: Node, mock_backend: PlannedBackend, http: int, body: object
) -> None:
    """CON-04, CON-05: only the status code decides; 401 and 403 have the contract's message."""
    outcome = execute(client, mock_backend, reply(http, body))
    assert outcome["status"] == "BLOCKED"
    assert len(outcome["reason_codes"]) == 1
    assert (outcome["message"] == "Autenticacao falhou") == (http in {401, 403})


@pytest.mark.parametrize("http", [400, 401, 403, 429, 500, 503])
def test_a_conforming_error_response_keeps_its_fields(client: Node, mock_backend: PlannedBackend, http: int) -> None:
    """CON-04, CON-05: trace id, reasons and time of an ErrorResponse are returned, and its message if allowed."""
    response = refused(reason_codes=["RATE_LIMITED", "OTHER"], trace_id="error-1")
    message = "Autenticacao falhou" if http in {401, 403} else response["message"]
    assert execute(client, mock_backend, reply(http, response)) == {**response, "message": message}


@pytest.mark.parametrize("message", ["", "x" * 201, None, 1, ...], ids=["empty", "long", "null", "number", "missing"])
def test_an_error_response_that_breaks_the_contract_is_not_quoted(
    client: Node, mock_backend: PlannedBackend, message: object
) -> None:
    """CON-04: an invalid ErrorResponse is replaced as a whole."""
    outcome = execute(client, mock_backend, reply(400, refused(message=message, trace_id="error-1")))
    assert_blocked_here(outcome, "VALIDATION_FAILED")


def test_the_trace_id_header_of_a_broken_response_is_kept(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-08: the violation can be found in the audit trail."""
    outcome = execute(client, mock_backend, reply(200, b"[]", headers={"X-Trace-Id": "header-1"}))
    assert (outcome["status"], outcome["trace_id"]) == ("BLOCKED", "header-1")


@pytest.mark.parametrize("name", MALFORMED)
def test_a_200_that_does_not_conform_is_blocked(client: Node, mock_backend: PlannedBackend, name: str) -> None:
    """CON-08: anything but an exact ExecuteResponse is a violation."""
    assert_blocked_here(execute(client, mock_backend, MALFORMED[name]), "API_BLOCKED")


@pytest.mark.parametrize("http", [201, 202, 203, 204, 205, 206, 226, 299, 304])
def test_another_success_is_blocked(client: Node, mock_backend: PlannedBackend, http: int) -> None:
    """CON-08: 200 is the only success of a command."""
    body = b"" if http in {204, 205, 304} else executed()
    assert_blocked_here(execute(client, mock_backend, reply(http, body)), "API_BLOCKED")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_transport_is_blocked(client: Node, mock_backend: PlannedBackend, name: str) -> None:
    """CON-07, CON-08, CON-09: cut, reset and undecodable responses are BLOCKED, after one POST."""
    assert_blocked_here(execute(client, mock_backend, BROKEN[name]), "API_BLOCKED")


def test_a_refused_connection_is_blocked(process: Node) -> None:
    """CON-07: a connection without a server is BLOCKED."""
    outcome = process.call("executeCommand", "STATUS", settings={"apiUrl": CLOSED_PORT, "apiKey": KEY})
    assert_blocked_here(outcome, "API_BLOCKED")


@pytest.mark.parametrize("http", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["elsewhere", "here"])
def test_a_redirect_is_not_followed(client: Node, mock_backend: PlannedBackend, http: int, place: str) -> None:
    """CON-14: a redirect is BLOCKED, and neither the POST nor the key is sent elsewhere."""
    with PlannedBackend() as redirect_target:
        target = (redirect_target if place == "elsewhere" else mock_backend).url + "/api/other"
        redirect_target.plan["/api/other"] = mock_backend.plan["/api/other"] = reply(200, executed())
        outcome = execute(client, mock_backend, reply(http, executed(), headers={"Location": target}))
        assert_blocked_here(outcome, "API_BLOCKED")
        assert redirect_target.received == []


def test_every_request_carries_the_key_in_its_header_alone(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-01, CON-10: `X-API-Key` is on all four requests, and no URL holds it."""
    client.call("executeCommand", "STATUS")
    client.call("fetchAuditLog")
    client.call("fetchMemory")
    paths = ["/api/execute", "/api/audit", "/api/diagnostic/metrics", "/api/memory"]
    assert [request.path for request in mock_backend.received] == paths
    for request in mock_backend.received:
        assert request.header("x-api-key") == KEY
        assert KEY not in request.target
        assert KEY.encode() not in request.body
        assert not {"authorization", "cookie", "referer"} & {name.lower() for name, _ in request.headers}


@pytest.mark.parametrize(
    ("session", "body"),
    [
        ([], {"command": "STATUS"}),
        ([None], {"command": "STATUS"}),
        ([""], {"command": "STATUS"}),
        (["s-1"], {"command": "STATUS", "session_id": "s-1"}),
        (["😀" * 128], {"command": "STATUS", "session_id": "😀" * 128}),
    ],
    ids=["none", "null", "empty", "given", "longest"],
)
def test_the_request_is_what_the_contract_describes(
    client: Node, mock_backend: PlannedBackend, session: list[object], body: object
) -> None:
    """CON-09: one POST of JSON, with `session_id` only when there is one."""
    mock_backend.plan["/api/execute"] = reply(200, executed())
    assert client.call("executeCommand", "STATUS", *session)["status"] == "APPROVED"
    (request,) = mock_backend.received
    assert (request.method, request.target, request.json) == ("POST", "/api/execute", body)
    assert request.header("content-type") == "application/json"


@pytest.mark.parametrize(
    "arguments",
    [[], [""], ["AB"], ["A" * 33], ["status"], ["A1B"], ["STATUS "], ["STATUS\n"], ["ÄÖÜ"], ["A-B-C"], [None], [123],
     [["STATUS"]], [{}], ["STATUS", "x" * 129], ["STATUS", 1], ["STATUS", {}]],
    ids=repr,
)  # fmt: skip
def test_a_request_that_breaks_the_contract_is_never_sent(
    client: Node, mock_backend: PlannedBackend, arguments: list[object]
) -> None:
    """CON-13: a wrong command or session id is BLOCKED here."""
    assert_blocked_here(client.call("executeCommand", *arguments), "VALIDATION_FAILED")
    assert mock_backend.received == []


@pytest.mark.parametrize(
    "settings",
    [{"apiKey": ""}, {"apiKey": "  "}, {"apiKey": None}, {"apiKey": "schlüssel€"}, {"apiKey": "two\nlines"},
     {"apiKey": 7}, {"apiUrl": ""}, {"apiUrl": None}, {"apiUrl": "backend:8000"}, {"apiUrl": "/api"},
     {"apiUrl": "ftp://127.0.0.1"}, {"apiUrl": "http://"}, {"apiUrl": "URL?key=1"}, {"apiUrl": "URL#x"},
     {"apiUrl": "http://user:word@127.0.0.1"}],
    ids=repr,
)  # fmt: skip
def test_without_a_configuration_nothing_is_sent(
    process: Node, mock_backend: PlannedBackend, settings: dict[str, Any]
) -> None:
    """CON-20: a missing or unusable key or base URL is BLOCKED, the empty list and null."""
    whole = {"apiUrl": mock_backend.url, "apiKey": KEY, **settings}
    if isinstance(whole["apiUrl"], str):
        whole["apiUrl"] = whole["apiUrl"].replace("URL", mock_backend.url)
    assert_blocked_here(process.call("executeCommand", "STATUS", settings=whole), "API_BLOCKED")
    assert process.call("fetchAuditLog") == []
    assert process.call("fetchMemory") is None
    assert mock_backend.received == []


def test_a_base_url_may_have_a_path_and_a_slash(process: Node, mock_backend: PlannedBackend) -> None:
    """CON-01: the operation's path is put after the base URL's."""
    mock_backend.plan["/base/api/memory"] = reply(200, snapshot())
    settings = {"apiUrl": f"{mock_backend.url}/base//", "apiKey": KEY}
    assert process.call("fetchMemory", settings=settings) == snapshot()


def test_the_environment_configures_the_client(mock_backend: PlannedBackend) -> None:
    """CON-20: in Node the two variables are enough."""
    mock_backend.plan["/api/execute"] = reply(200, executed())
    with node({"NEXT_PUBLIC_API_URL": mock_backend.url, "NEXT_PUBLIC_API_KEY": KEY}) as process:
        assert process.call("executeCommand", "STATUS") == executed()
    assert mock_backend.received[0].header("x-api-key") == KEY


def test_an_injected_configuration_is_taken_and_removed(mock_backend: PlannedBackend) -> None:
    """CON-12: the client removes the injected configuration, so that no other script can read it."""
    mock_backend.plan["/api/memory"] = reply(200, snapshot())
    injected = json.dumps({"apiUrl": mock_backend.url, "apiKey": KEY})
    script = (
        f"globalThis.__TECHNO_CONFIG__ = {injected}; const client = await import({json.dumps(CLIENT.as_uri())});"
        "console.log(JSON.stringify([await client.fetchMemory(), '__TECHNO_CONFIG__' in globalThis]));"
    )
    command = [node_program(), "--input-type=module", "-e", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=WAIT_S)
    assert json.loads(ended.stdout) == [snapshot(), False]


def test_the_key_is_masked_in_results(client: Node) -> None:
    """CON-12: a key that a response repeats is masked, unless it may be a word."""
    assert client.call("withoutKey", f"<{KEY}{KEY}>") == "<[hidden][hidden]>"
    assert client.call("withoutKey", "a key", settings={"apiUrl": CLOSED_PORT, "apiKey": "key"}) == "a key"


# ------------------------------------------------------------------------------------------------ audit, memory

LATE = Reply(then="hold")
#: A limit that a test can wait for, and that no machine is too slow to send a request and get a response in.
SHORT = {"timeoutMs": 2000}
NOT_A_LIST = {
    "refused connection": Reply(then="reset"),
    "401": reply(401, refused()),
    "403 with entries": reply(403, [entry()]),
    "500 with entries": reply(500, [entry()]),
    "206 with entries": reply(206, [entry()]),
    "204": reply(204),
    "redirect": reply(302, [entry()], headers={"Location": "/api/memory"}),
    "blocked": reply(200, refused()),
    "an envelope": reply(200, {"entries": [entry()], "status": "APPROVED"}),
    "null": reply(200, b"null"),
    "html": reply(200, [entry()], kind="text/html"),
    "cut": reply(200, json.dumps([entry()]).encode()[:-1]),
    "gzip cut": BROKEN["gzip cut"],
    "late": LATE,
    "one entry is null": reply(200, [entry(), None]),
    "one entry is a list": reply(200, [entry(), []]),
    "one unknown state": reply(200, [entry(), entry(state="PENDING")]),
    "state in lower case": reply(200, [entry(state="approved")]),
    "success that was blocked": reply(200, [entry(state="BLOCKED", result="SUCCESS")]),
    "failure that was approved": reply(200, [entry(state="APPROVED", result="FAILED")]),
    "expired success": reply(200, [entry(state="EXPIRED", result="SUCCESS")]),
    "wrong result": reply(200, [entry(result="success")]),
    "wrong action": reply(200, [entry(action="Status 1")]),
    "wrong time": reply(200, [entry(timestamp="yesterday")]),
    "trace id null": reply(200, [entry(trace_id=None)]),
    "execution id wrong": reply(200, [entry(execution_id="A-1")]),
    **{f"without {name}": reply(200, [entry(**{name: ...})]) for name in entry() if name != "trace_id"},
}


def test_the_audit_trail_is_returned_as_it_is(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-10: a conforming list keeps its order, its known fields and no other, and needs no fallback."""
    rows = [entry(state=state, result="SUCCESS" if state in {"APPROVED", "WARNING", "NEUTRAL"} else "FAILED")
            for state in STATUSES] + [entry(trace_id=...), entry(execution_id="exec_1")]  # fmt: skip
    mock_backend.plan["/api/audit"] = reply(200, [{**row, "further": 1} for row in rows])
    assert client.call("fetchAuditLog") == rows
    assert [request.target for request in mock_backend.received] == ["/api/audit?filter=all&limit=50"]


@pytest.mark.parametrize("name", NOT_A_LIST)
def test_a_failing_audit_has_one_fallback(client: Node, mock_backend: PlannedBackend, name: str) -> None:
    """CON-10: the fallback is requested exactly once, with the same query, and its list is returned."""
    mock_backend.plan = {
        "/api/audit": NOT_A_LIST[name],
        "/api/diagnostic/metrics": reply(200, [entry(trace_id="fall-1")]),
    }
    settings = {"apiUrl": mock_backend.url, "apiKey": KEY, **(SHORT if name == "late" else {})}
    entries = client.call("fetchAuditLog", "WARNING", 7, settings=settings)
    assert entries == [entry(trace_id="fall-1")]
    query = "?filter=WARNING&limit=7"
    assert [request.target for request in mock_backend.received] == [
        f"/api/audit{query}",
        f"/api/diagnostic/metrics{query}",
    ]


@pytest.mark.parametrize("name", NOT_A_LIST)
def test_when_the_fallback_fails_too_the_list_is_empty(client: Node, mock_backend: PlannedBackend, name: str) -> None:
    """CON-10: after both failed, nothing more is requested, and the list is empty."""
    mock_backend.plan = {"/api/audit": reply(503, refused()), "/api/diagnostic/metrics": NOT_A_LIST[name]}
    settings = {"apiUrl": mock_backend.url, "apiKey": KEY, **(SHORT if name == "late" else {})}
    assert client.call("fetchAuditLog", settings=settings) == []
    assert len(mock_backend.received) == 2


@pytest.mark.parametrize(
    "arguments", [["PENDING"], ["approved"], [""], [None], ["all", 0], ["all", 1001], ["all", 1.5], ["all", "50"]]
)
def test_a_query_that_breaks_the_contract_is_never_sent(
    client: Node, mock_backend: PlannedBackend, arguments: list[object]
) -> None:
    """CON-10: the client does not send a query that the backend must refuse."""
    assert client.call("fetchAuditLog", *arguments) == []
    assert mock_backend.received == []


def test_an_unread_trail_differs_from_an_empty_one(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-10: `readAuditLog` names the source; where all failed it is none."""
    mock_backend.plan = {"/api/audit": reply(200, []), "/api/diagnostic/metrics": reply(200, [])}
    assert client.call("readAuditLog") == {"entries": [], "source": "audit"}
    mock_backend.plan["/api/audit"] = reply(500, refused())
    assert client.call("readAuditLog") == {"entries": [], "source": "fallback"}
    mock_backend.plan["/api/diagnostic/metrics"] = reply(500, refused())
    assert client.call("readAuditLog") == {"entries": [], "source": "none"}


@pytest.mark.parametrize("status", STATUSES)
def test_a_snapshot_is_returned_as_it_is(client: Node, mock_backend: PlannedBackend, status: str) -> None:
    """CON-11: each status is a valid snapshot, including BLOCKED."""
    response = snapshot(status=status, execution_id="exec_1", output="")
    mock_backend.plan["/api/memory"] = reply(200, {**response, "further": 1})
    assert client.call("fetchMemory") == response


@pytest.mark.parametrize(
    "said",
    [reply(204), reply(204, b"", kind=None), reply(200, refused()), reply(200, b""), reply(200, b"null"),
     reply(200, [snapshot()]), reply(201, snapshot()), reply(401, snapshot()), reply(500, snapshot()),
     reply(200, snapshot(), kind="text/html"), reply(200, {"used_bytes": 1}), Reply(then="reset"), LATE,
     reply(302, snapshot(), headers={"Location": "/api/audit"}),
     *(reply(200, snapshot(**{name: ...})) for name in snapshot()), reply(200, snapshot(status="DONE")),
     reply(200, snapshot(output=1)), reply(200, snapshot(timestamp="now")), reply(200, snapshot(execution_id=None))],
)  # fmt: skip
def test_no_snapshot_is_null(client: Node, mock_backend: PlannedBackend, said: Reply) -> None:
    """CON-11: a 204 and every failure give null, after one request."""
    mock_backend.plan["/api/memory"] = said
    settings = {"apiUrl": mock_backend.url, "apiKey": KEY, **(SHORT if said is LATE else {})}
    assert client.call("fetchMemory", settings=settings) is None
    assert len(mock_backend.received) == 1


# --------------------------------------------------------------------------------------------- time and sequence


#: Where a response can stall, by the command that it is for.
STALLED = {
    "SILENCE": LATE,
    "HALF_A_HEAD": Reply(raw=b"HTTP/1.1 200 OK\r\n", then="hold"),
    "NO_BODY": raw(json_head(len(GOOD)), b"", "hold"),
    "HALF_A_BODY": raw(json_head(len(GOOD)), GOOD[:-1], "hold"),
    "BODY_OF_AN_ERROR": raw("HTTP/1.1 500 No\nContent-Length: 9", b"", "hold"),
}


def test_a_stalled_response_is_a_timeout(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-06, CON-09: the limit, here a shorter one, covers the head and the body; each command is sent once."""
    mock_backend.plan["/api/execute"] = lambda request: STALLED[request.json["command"]]
    client.call("configurationProblem", settings={"apiUrl": mock_backend.url, "apiKey": KEY, **SHORT})
    for call in [client.start("executeCommand", command) for command in STALLED]:
        assert_blocked_here(client.finish(call), "TIMEOUT")
    assert sorted(request.json["command"] for request in mock_backend.received) == sorted(STALLED)


def test_a_response_over_32_mib_is_aborted(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-08: an endless body is aborted before it fills the memory."""
    large_reply = reply(200, executed(message="x" * (33 << 20)))
    assert_blocked_here(execute(client, mock_backend, large_reply), "API_BLOCKED")


def test_after_any_failure_the_next_response_counts(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-16: after any failure the next response is returned."""
    for name in ["reset", "shorter than announced", "gzip cut"]:
        mock_backend.forget()
        assert execute(client, mock_backend, BROKEN[name])["status"] == "BLOCKED"
        mock_backend.forget()
        assert execute(client, mock_backend, reply(200, executed())) == executed()


def test_calls_in_parallel_do_not_mix(client: Node, mock_backend: PlannedBackend) -> None:
    """CON-17: each call resolves to its own response, in whatever order they come."""
    released = threading.Event()

    def response(request: StandInRequest) -> Reply:
        command = request.json["command"]
        return reply(200, executed(message=command), released=released if command == "SLOW" else None)

    mock_backend.plan["/api/execute"] = response
    slow = client.start("executeCommand", "SLOW")
    assert client.call("executeCommand", "FAST")["message"] == "FAST"
    released.set()
    assert client.finish(slow)["message"] == "SLOW"
