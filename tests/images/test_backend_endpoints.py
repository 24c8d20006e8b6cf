"""The reference backend's four endpoints: what they return, refuse and record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.images.backend_process import KEY, Backend, assert_error, running_backend

pytestmark = pytest.mark.slow

ORIGIN = "http://127.0.0.1:3001"
ENDPOINTS = [
    ("POST", "/api/execute"),
    ("GET", "/api/audit"),
    ("GET", "/api/diagnostic/metrics"),
    ("GET", "/api/memory"),
]
READS = ["/api/audit", "/api/diagnostic/metrics"]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One backend for the whole module: none of these tests harms another."""
    with running_backend(tmp_path_factory.mktemp("backend"), TECHNO_ALLOWED_ORIGINS=ORIGIN) as running:
        yield running


def send_raw(backend: Backend, body: bytes, content_type: str | None = "application/json") -> httpx.Response:
    """Send an execute request with exactly this body."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    return backend.client.post("/api/execute", content=body, headers=headers)


@pytest.mark.parametrize(
    ("command", "status", "reasons"),
    [
        ("PING", "APPROVED", []),
        ("CHECK_QUOTA", "WARNING", ["QUOTA_LOW"]),
        ("NOOP", "NEUTRAL", []),
        ("OLD_SESSION", "EXPIRED", ["SESSION_EXPIRED"]),
        ("DELETE_ALL", "BLOCKED", ["API_BLOCKED"]),
    ],
)
def test_known_command_gets_its_status(backend: Backend, command: str, status: str, reasons: list[str]) -> None:
    """EXE-01, ENV-01 to ENV-06, TRL-01: the response is complete, and its one entry agrees with it."""
    requested_at = datetime.now(UTC)
    response = backend.execute(command, session_id="s-1", further={"field": [1]})
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["reason_codes"]) == (status, reasons)
    assert body["trace_id"] == response.headers["x-trace-id"]
    assert re.fullmatch(r"[a-z0-9-]{1,64}", body["trace_id"])
    assert re.fullmatch(r"[a-z0-9_]+", body["execution_id"])
    tolerance = timedelta(seconds=5)
    assert requested_at - tolerance < datetime.fromisoformat(body["ts_utc"]) < datetime.now(UTC) + tolerance
    (entry,) = backend.entries_of(response)
    assert (entry["action"], entry["state"]) == (command, status)
    assert entry["result"] == ("SUCCESS" if status in ("APPROVED", "WARNING", "NEUTRAL") else "FAILED")
    assert entry["execution_id"] == body["execution_id"]


def test_unknown_command_is_blocked_and_its_name_not_kept(backend: Backend) -> None:
    """EXE-06, TRL-09: an unknown command may be a secret, so its name is not stored."""
    response = backend.execute("MY_SECRET_WORD")
    assert (response.status_code, response.json()["status"]) == (200, "BLOCKED")
    assert response.json()["reason_codes"] == ["UNKNOWN_COMMAND"]
    (entry,) = backend.entries_of(response)
    assert (entry["action"], entry["state"]) == ("EXECUTE", "BLOCKED")


def test_session_id_of_128_characters_is_accepted(backend: Backend) -> None:
    """EXE-07: the limit counts characters, not bytes."""
    assert backend.execute("PING", session_id="ü" * 128).json()["status"] == "APPROVED"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PING",
        b"[]",
        b'"PING"',
        b"null",
        b"{}",
        b'{"command":"PI"}',
        b'{"command":"' + b"A" * 33 + b'"}',
        b'{"command":"ping"}',
        b'{"command":"PING1"}',
        b'{"command":"PING\\n"}',
        b'{"command":" PING"}',
        b'{"command":"P\xc3\x8fNG"}',
        b'{"command":true}',
        b'{"command":4444}',
        b'{"command":["PING"]}',
        b'{"command":null}',
        b'{"command":"PING","command":"PING"}',
        b'{"command":"PING","session_id":null}',
        b'{"command":"PING","session_id":7}',
        b'{"command":"PING","session_id":"' + b"x" * 129 + b'"}',
        b'{"command":"PING","session_id":"\\ud800"}',
        b'{"command":"PING","x":NaN}',
        b'{"command":"PING","x":-Infinity}',
        b'{"command":"PING","x":' + b"9" * 5000 + b"}",
        b'{"command":"PING","x":' + b"[" * 30000 + b"]" * 30000 + b"}",
        b"[" * 60000,
        b'{"command":"PING"} trailing',
        b'{"command":"PING",}',
        b"\xef\xbb\xbf" + b'{"command":"PING"}',
        b'{"command":"PING","x":"\xff"}',
        '{"command":"PING"}'.encode("utf-16"),
    ],
    ids=lambda body: repr(bytes(body[:40])),
)
def test_body_that_breaks_the_contract_is_400(backend: Backend, body: bytes) -> None:
    """EXE-02, EXE-03, ERR-06: such a body is refused and recorded once, never a 5xx."""
    response = send_raw(backend, body)
    assert_error(response, 400, "VALIDATION_FAILED")
    (entry,) = backend.entries_of(response)
    assert (entry["action"], entry["state"], entry["result"]) == ("EXECUTE", "BLOCKED", "FAILED")


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/json, text/plain", "application/jsonx", "application/json; charset=utf-16"],
)
def test_other_content_type_is_415(backend: Backend, content_type: str | None) -> None:
    """EXE-04: JSON under another content type is not executed."""
    response = send_raw(backend, b'{"command":"PING"}', content_type)
    assert_error(response, 415, "VALIDATION_FAILED")
    assert len(backend.entries_of(response)) == 1


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_json_by_another_spelling_is_executed(backend: Backend, content_type: str) -> None:
    """EXE-04: the media type's case and a harmless charset do not matter."""
    assert send_raw(backend, b'{"command":"PING"}', content_type).json()["status"] == "APPROVED"


@pytest.mark.parametrize("chunked", [False, True])
def test_large_body_is_413(backend: Backend, chunked: bool) -> None:
    """EXE-05: a body over 64 KiB is refused, declared or not; one of exactly 64 KiB is not."""
    wrapping = b'{"command":"PING","x":""}'
    body = wrapping[:-2] + b"x" * (64 * 1024 - len(wrapping)) + wrapping[-2:]
    assert backend.client.post(
        "/api/execute", content=iter([body]) if chunked else body, headers={"Content-Type": "application/json"}
    ).is_success
    body += b" "
    response = backend.client.post(
        "/api/execute", content=iter([body]) if chunked else body, headers={"Content-Type": "application/json"}
    )
    assert_error(response, 413, "PAYLOAD_TOO_LARGE")
    assert len(backend.entries_of(response)) == 1


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([], 401),
        ([b""], 401),
        ([KEY[:-1].encode()], 403),
        ([KEY.encode() + b"x"], 403),
        ([KEY.swapcase().encode()], 403),
        ([KEY.replace("_", " _").encode()], 403),
        ([KEY.encode(), b"other"], 403),
        ([b"other", KEY.encode()], 403),
        ([b"", KEY.encode()], 403),
        ([KEY.encode() + b", other"], 403),
        ([b"\xc3\xbc\xff"], 403),
    ],
    ids=repr,
)
def test_key_is_compared_exactly(backend: Backend, method: str, path: str, given: list[bytes], status: int) -> None:
    """AUT-01 to AUT-04, TRL-02: the key is compared first, byte by byte, with one entry for each refusal."""
    headers = [(b"X-API-Key", key) for key in given] + [(b"Content-Type", b"text/plain")]
    response = backend.stranger.request(method, f"{path}?limit=x", headers=headers, content=b"{")
    assert_error(response, status, "API_KEY_INVALID")
    (entry,) = backend.entries_of(response)
    assert entry["state"] == "BLOCKED"


def test_key_elsewhere_does_not_count(backend: Backend) -> None:
    """AUT-05, AUT-06: a key in the query, in Authorization or in a cookie is refused, and not logged."""
    response = backend.stranger.get(
        "/api/audit",
        params={"X-API-Key": KEY, "api_key": KEY},
        headers={"Authorization": f"Bearer {KEY}", "Cookie": f"X-API-Key={KEY}"},
    )
    assert_error(response, 401, "API_KEY_INVALID")
    backend.client.get(f"/{KEY}")
    backend.client.request(KEY.replace("_", ""), "/api/audit")
    log = backend.log.read_text()
    assert response.headers["x-trace-id"] in log
    assert KEY not in log
    assert KEY.replace("_", "") not in log


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(
    "query",
    [
        "filter=PENDING",
        "filter=approved",
        "filter=",
        "filter=APPROVED%0a",
        "filter=%ff%fe",
        "filter=all&filter=all",
        "limit=0",
        "limit=-1",
        "limit=1001",
        "limit=1.5",
        "limit=10abc",
        "limit=",
        "limit=%2B5",
        "limit=05",
        "limit=1e2",
        "limit=%D9%A1",
        "limit=" + "9" * 5000,
        "limit=5&limit=6",
        "&".join(f"p{number}=1" for number in range(200)),
    ],
    ids=lambda query: query[:30],
)
def test_bad_audit_query_is_400(backend: Backend, path: str, query: str) -> None:
    """AUD-05, TRL-02: a bad query is refused and recorded."""
    response = backend.client.get(f"{path}?{query}")
    assert_error(response, 400, "VALIDATION_FAILED")
    assert len(backend.entries_of(response)) == 1


def test_filter_comes_before_limit(backend: Backend) -> None:
    """AUD-02 to AUD-04, AUD-06: the limit counts only entries of the state, newest first, on both paths."""
    traces = [backend.execute("CHECK_QUOTA").json()["trace_id"] for _ in range(3)]
    for _ in range(60):
        assert backend.execute("PING").is_success
    responses = [
        backend.client.get(path, params={"filter": "WARNING", "limit": 3, "unknown": "ignored"}) for path in READS
    ]
    assert responses[0].json() == responses[1].json()
    assert [entry["trace_id"] for entry in responses[0].json()] == traces[::-1]
    assert {entry["state"] for entry in responses[0].json()} == {"WARNING"}
    everything = backend.client.get("/api/audit").json()
    assert len(everything) == 50
    timestamps = [entry["timestamp"] for entry in everything]
    assert timestamps == sorted(timestamps, reverse=True)


def test_read_leaves_no_entry(backend: Backend) -> None:
    """D12: a successful read leaves no entry in the audit trail."""
    before = backend.trail()
    assert backend.client.get("/api/memory").is_success
    assert backend.trail() == before


def test_snapshot_is_of_the_last_executed_command(backend: Backend) -> None:
    """MEM-01, EXE-09: a refused, BLOCKED or EXPIRED command does not change the snapshot."""
    executed = backend.execute("CHECK_QUOTA").json()
    snapshot = backend.client.get("/api/memory").json()
    assert snapshot == {
        "command": "CHECK_QUOTA",
        "output": "12 percent left",
        "timestamp": executed["ts_utc"],
        "status": "WARNING",
        "execution_id": executed["execution_id"],
    }
    for command in ("DELETE_ALL", "OLD_SESSION", "UNHEARD_OF", "bad"):
        backend.execute(command)
    assert backend.client.get("/api/memory").json() == snapshot


def test_fault_commands_are_unknown_without_the_switch(backend: Backend) -> None:
    """Commands that provoke failures are off unless the environment enables them."""
    assert backend.execute("CRASH").json()["reason_codes"] == ["UNKNOWN_COMMAND"]


@pytest.mark.parametrize("path", ["/", "/api", "/api/execute/", "/api//audit", "/docs", "/openapi.json", "/%00"])
def test_unknown_path_is_404(backend: Backend, path: str) -> None:
    """ERR-04: the body is an `ErrorResponse`, not a text of Starlette."""
    assert_error(backend.client.get(path), 404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(("right", "path"), ENDPOINTS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_wrong_method_is_405(backend: Backend, right: str, path: str, method: str) -> None:
    """ERR-04, ENV-05: the response has `Allow` and a trace id, and for HEAD no body."""
    if method == right:
        return
    response = backend.client.request(method, path)
    assert response.headers["allow"] == right
    if method == "HEAD":
        assert (response.status_code, response.content) == (405, b"")
        assert response.headers["x-trace-id"]
    else:
        assert_error(response, 405, "METHOD_NOT_ALLOWED")


def test_large_header_is_refused(backend: Backend) -> None:
    """ERR-07: headers of 64 KiB get a 4xx, in one piece or in several."""
    response = backend.client.get("/api/memory", headers={"X-Large": "x" * 64 * 1024})
    assert_error(response, 400, "VALIDATION_FAILED")


def test_preflight_of_the_console_works(backend: Backend) -> None:
    """The console's origin may send the key, without a key in the preflight and without an entry."""
    before = backend.trail()
    preflight_headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key",
    }
    response = backend.stranger.options("/api/execute", headers=preflight_headers)
    assert response.is_success
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "X-API-Key" in response.headers["access-control-allow-headers"]
    assert response.headers["x-trace-id"]
    stranger = backend.stranger.options("/api/execute", headers={**preflight_headers, "Origin": "http://evil.test"})
    assert "access-control-allow-origin" not in stranger.headers
    assert backend.trail() == before


def test_errors_are_readable_for_the_console(backend: Backend) -> None:
    """A refusal names the allowed origin, so that a browser can read it."""
    response = backend.stranger.get("/api/audit", headers={"Origin": ORIGIN})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Trace-Id" in response.headers["access-control-expose-headers"]
