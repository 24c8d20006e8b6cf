"""A response that reveals a backend's internals is found; text that only resembles it is not."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import msgspec
import pytest

from technogate.checks import leak
from technogate.checks.leak import leaks_in, response_leaks
from technogate.model.events import Body, Exchange, Headers, Request, Response
from tests import builders

GIVEN_AWAY = [
    ("a stack trace", 'Traceback (most recent call last):\n  File "/x/app.py", line 3, in run'),
    ("a stack trace", 'File "main.py", line 3, in <module>'),
    ("a stack trace", "sqlalchemy.exc.OperationalError happened"),
    ("a stack trace", "java.lang.NullPointerException: x"),
    ("a stack trace", "at com.example.Service.run(Service.java:42)"),
    ("a stack trace", "at Object.<anonymous> (/srv/app/index.js:10:15)"),
    ("a stack trace", "at async run (node:internal/main/run_main:23:47)"),
    ("a stack trace", "TypeError: Cannot read properties of undefined (reading 'x')"),
    ("a stack trace", "goroutine 1 [running]:"),
    ("a stack trace", "panic: runtime error: index out of range"),
    ("a stack trace", "at App.Program.Main(String[] args) in C:\\src\\Program.cs:line 12"),
    ("a stack trace", "System.NullReferenceException: Object reference not set"),
    ("a stack trace", "PHP Fatal error: Uncaught Error"),
    ("a stack trace", "#0 /srv/www/index.php(12): run()"),
    ("a stack trace", "app/models/user.rb:12:in `save'"),
    ("a stack trace", "NoMethodError"),
    ("a stack trace", "thread 'main' panicked at src/main.rs:2:5"),
    ("a file path", "cannot open /home/app/data.bin"),
    ("a file path", "cannot open /opt/techno"),
    ("a file path", "missing /data/trail.db"),
    ("a file path", "file:///x/y"),
    ("a file path", r"cannot open C:\Users\app\trail.db"),
    ("a file path", r"\\server\share"),
    ("SQL", "SELECT id, state FROM audit_events WHERE id = 1"),
    ("SQL", "INSERT INTO audit_events VALUES (1)"),
    ("SQL", "select * from audit where id = 3"),
    ("SQL", "no such table: audit_events"),
    ("SQL", 'relation "audit" does not exist'),
    ("SQL", "UNIQUE constraint failed: audit.id"),
    ("SQL", "ORA-00942"),
    ("SQL", "database is locked"),
    ("a host or address", "connect to 10.1.2.3 failed"),
    ("a host or address", "connect ECONNREFUSED 127.0.0.1:5432"),
    ("a host or address", "http://192.168.0.7/x"),
    ("a host or address", "169.254.169.254"),
    ("a host or address", "[::1]:5432 refused"),
    ("a host or address", "fe80::1"),
    ("a host or address", "could not reach localhost:8000"),
    ("a host or address", "db.svc.cluster.local"),
    ("a host or address", "host.docker.internal"),
    ("a host or address", "postgresql://u@h/d"),
    ("a host or address", 'could not translate host name "db"'),
    ("a host or address", "getaddrinfo ENOTFOUND db"),
    ("an environment value", "PATH=/usr/bin"),
    ("an environment value", "TECHNO_DATABASE_URL=x"),
    ("an environment value", "{'API_KEY': 'abc'}"),
    ("an environment value", "environ({"),
]

HARMLESS = [
    "The command is not known.",
    "Select a command from the list.",
    "Please update the set of commands, or delete from your request what is not needed.",
    "expected one of all, APPROVED, BLOCKED",
    "limit must be between 1 and 1000",
    "/api/execute takes POST",
    "see /api/audit or /api/diagnostic/metrics",
    "at most 128 characters at position 3:14",
    "version 1.2.3.4 of the service",
    "release v10.0.0.1",
    "Foo/10.2.0.1",
    "8.8.8.8",
    "12:30:45 and 2026-01-01T12:00:00.250Z",
    "use ratio 3::1 here",
    "The key is missing: X_API_KEY is required",
    "content type must be application/json; charset=utf-8",
    "Error: try again later",
    "the session is local, internal to us",
    "and/or either/or",
    "N/A",
    "50c0f0a2-7f00-4001-8000-000000000000",
    "the file was not found",
    "the table is not known",
    "see /openapi.yaml or /api/v1/openapi.yml",
    "version 10.0.0.1",
    "release: 10.2.3.4",
    "build 172.16.0.1",
    "50%2520 of 100%25",
    "Zm9vYmFyYmF6cXV1eA==",
]


@pytest.mark.parametrize(("kind", "text"), GIVEN_AWAY, ids=[text[:30] for _, text in GIVEN_AWAY])
def test_each_kind_of_leak_is_found(kind: str, text: str) -> None:
    """Each kind of leak is recognised within other words, as a string of a body."""
    for written in (text, f"it failed: {text} (again)"):
        assert kind in {leak.kind for leak in leaks_in(written)}
        assert kind in {leak.kind for leak in response_leaks(answered(json.dumps({"message": written})))}


@pytest.mark.parametrize("text", HARMLESS, ids=[text[:30] for text in HARMLESS])
def test_conforming_words_are_no_leak(text: str) -> None:
    """A conforming response has no false positive."""
    assert not list(leaks_in(text))


def answered(
    body: str, *, path: str = "/api/execute", sent: str = "", status: int = 500, headers: Headers = ()
) -> Exchange:
    """An exchange with this response."""
    return msgspec.structs.replace(
        builders.exchange(1),
        base_url="http://127.0.0.1:8000",
        request=Request(method="POST", path=path, body=Body.of(sent.encode())),
        response=Response(status=status, headers=headers, body=Body.of(body.encode())),
    )


@pytest.mark.parametrize(
    "spell",
    [
        quote,
        lambda text: html.escape(text).replace("/", "&#47;"),
        lambda text: base64.b64encode(text.encode()).decode(),
    ],
    ids=["URL-encoded", "HTML", "base64"],
)
@pytest.mark.parametrize("kind", ["a stack trace", "a file path", "SQL", "a host or address"])
def test_an_encoded_leak_is_found(kind: str, spell: Callable[[str], str]) -> None:
    """A leak is found as what its encoding reads."""
    text = next(text for known, text in GIVEN_AWAY if known == kind)
    assert kind in {leak.kind for leak in response_leaks(answered(json.dumps({"message": spell(text)})))}


@pytest.mark.parametrize(
    "headers",
    [
        (("Server", "uvicorn"), ("Date", "Mon, 05 Jan 2026 10:00:00 GMT")),
        (("X-Powered-By", "Express"), ("ETag", 'W/"2b-hGShxOkieaAVDloBubJVM+h58D8"')),
        (("Server", "Apache 10.2.3.4"), ("X-Powered-By", "PHP 10.0.0.1")),
        (("X-App-Version", "10.0.0.1"), ("X-Build", "10.20.30.40")),
        (("Link", '</api/openapi.yaml>; rel="service-desc", <http://localhost:8000/docs>; rel="service-doc"'),),
        (("Location", "http://127.0.0.1:8000/api/execute"),),
    ],
)
def test_headers_of_frameworks_are_no_leak(headers: Headers) -> None:
    """Versions of four parts, links to the description and what servers send by default disclose nothing."""
    assert response_leaks(answered("{}", headers=headers, status=404)) == []


@pytest.mark.parametrize("name", ["version", "api_version", "server", "release"])
def test_a_member_with_a_version_is_no_address(name: str) -> None:
    """Four numbers in a member that is named after a version are a version; elsewhere they are an address."""
    assert response_leaks(answered(json.dumps({name: "10.0.0.1"}))) == []
    assert response_leaks(answered(json.dumps({"peer": "10.0.0.1"})))


def test_a_body_that_is_no_json_is_searched_as_text() -> None:
    """A leak in an HTML error page is found."""
    page = "<html><pre>Traceback (most recent call last)</pre></html>"
    assert [(leak.kind, leak.place) for leak in response_leaks(answered(page))] == [("a stack trace", "the body")]


def test_nested_strings_are_searched() -> None:
    """A leak in a nested detail is found."""
    findings = response_leaks(answered(json.dumps({"details": [{"why": "open /etc/passwd"}]})))
    assert [(leak.kind, leak.place, leak.text) for leak in findings] == [
        ("a file path", "the body's why", "/etc/passwd")
    ]


@pytest.mark.parametrize(
    ("path", "sent", "body"),
    [
        ("/etc/passwd", "", "no such path: /etc/passwd"),
        ("/x?f=%2Fetc%2Fpasswd", "", "no such path: /etc/passwd"),
        ("/api/execute", '{"command": "DROP TABLE x"}', "not a command: DROP TABLE x"),
        ("/api/execute", r'{"command": "C:\\Users\\x"}', r"not a command: C:\Users\x"),
        ("/api/execute", "", "you asked 127.0.0.1"),
    ],
)
def test_an_echo_is_no_leak(path: str, sent: str, body: str) -> None:
    """A text that the request held may be repeated; any other may not."""
    assert not response_leaks(answered(json.dumps({"message": body}), path=path, sent=sent))
    exchange = answered(json.dumps({"message": body + " and /var/lib/x.db, 10.9.9.9"}), path=path, sent=sent)
    assert {leak.kind for leak in response_leaks(exchange)} == {"a file path", "a host or address"}


def test_headers_are_searched_but_for_plain_ones() -> None:
    """A header may leak a host; dates, types and CORS headers have formats of their own."""
    headers = (("X-Debug", "served by 10.0.0.3"), ("Access-Control-Allow-Origin", "http://localhost:3001"))
    findings = response_leaks(answered("{}", headers=headers))
    assert [(leak.place, leak.text) for leak in findings] == [("header X-Debug", "10.0.0.3")]


def test_output_of_a_command_may_name_files() -> None:
    """A file name in a memory snapshot's output is no leak; a stack trace in it is one."""
    assert not response_leaks(answered(json.dumps({"output": "/home/me on localhost"}), status=200))
    assert response_leaks(answered(json.dumps({"output": "Traceback (most recent call last)"}), status=200))
    assert response_leaks(answered(json.dumps({"output": "/home/me"}), status=500))


def test_only_formatted_fields_are_not_searched() -> None:
    """An identifier is not searched for addresses; other text in its place is."""
    assert not response_leaks(answered(json.dumps({"trace_id": "ip-10-0-0-1", "ts_utc": "2026-01-01T00:00:00Z"})))
    assert response_leaks(answered(json.dumps({"trace_id": "at /var/lib/x"})))


def test_a_long_text_is_searched_in_its_beginning_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also across the edges of the pieces that it is searched in, and nothing is seen that its context forbids."""
    monkeypatch.setattr(leak, "SEARCHED", 1 << 12)
    trace, rest = 'File "/srv/app.py", line 3', " " * (4 * leak.SEARCHED)
    for at in (0, leak.PIECE - 5, 3 * leak.PIECE - 1, leak.SEARCHED - 100):
        for text in (" " * at + trace + rest, rest + trace + " " * at):
            assert "a stack trace" in {found.kind for found in leaks_in(text)}
    for at in range(leak.PIECE - 30, leak.PIECE + 5):
        assert list(leaks_in("x" * at + " https://example.org/usr/share/guide " + "x" * 100)) == []


@pytest.mark.sabotage("a body takes the patterns of the gate the square of its length to search")
@pytest.mark.parametrize("unit", ["x.", "at "])
def test_a_text_that_is_made_for_the_patterns_is_searched_in_time(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as it is searched at all: a megabyte took days."""
    monkeypatch.setattr(leak, "SEARCHED", 1 << 12)
    assert list(leaks_in(unit * ((1 << 20) // len(unit)))) == []
