"""The curl command of an exchange: a real shell runs it, and a server compares every byte."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from technogate.judging.curl import curl_for
from technogate.model.contract_words import ContractWords, speaking
from technogate.model.events import Body, Exchange, Request
from technogate.util.text import terminal_lines, visible
from tests.certificates import write_certificates
from tests.conftest import STUCK_S
from tests.stand_in import StandIn, http_response
from tests.tools import CURL

KEY = "Secret-Key-42"
MARK = "$TECHNOGATE_API_KEY"
SHELLS = [shell for shell in ("bash", "dash", "sh") if shutil.which(shell)]

pytestmark = pytest.mark.skipif(bool(CURL.missing) or not SHELLS, reason=CURL.missing or "needs a POSIX shell")


@pytest.fixture(scope="module")
def recorder() -> Iterator[StandIn]:
    """One server for the module; it keeps each request unchanged."""
    with StandIn(lambda _: http_response(200, headers={"Connection": "close"})) as server:
        yield server


def exchange(
    base_url: str,
    *,
    method: str = "POST",
    path: str = "/api/execute",
    headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
    key: str = "",
    responded_by: str = "backend",
) -> Exchange:
    """An exchange as a driver records it."""
    return Exchange(
        id="x1",
        item="t",
        responded_by="mock" if responded_by == "mock" else "backend",
        request=Request(method=method, path=path, headers=headers, body=Body.of(body)),
        started=0.0,
        ended=1.0,
        base_url=base_url,
        key=key,
    )


def run(command: str, recorder: StandIn, folder: Path, shell: str = "bash") -> tuple[str, list[tuple[str, str]], bytes]:
    """Run `command`, and return what the server received: the request line, the headers, the body."""
    before = len(recorder.requests)
    environment = {
        "PATH": os.environ["PATH"],
        "TECHNOGATE_API_KEY": KEY,
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [shell, "-c", command], cwd=folder, env=environment, capture_output=True, timeout=STUCK_S, check=False
    )
    assert done.returncode == 0, (command, done.stderr)
    assert done.stdout.startswith(b"HTTP/1.1 200 ")
    assert len(recorder.requests) == before + 1
    head, _, body = recorder.requests[-1].raw.partition(b"\r\n\r\n")
    line, *rest = head.decode("utf-8").split("\r\n")
    headers = [(name, value.strip(" ")) for name, _, value in (entry.partition(":") for entry in rest)]
    assert list(folder.iterdir()) == [], "the command wrote a file"
    return line, headers, body


def values(headers: list[tuple[str, str]], name: str) -> list[str]:
    """Every value of a header."""
    return [value for key, value in headers if key.lower() == name.lower()]


JSON = ("Content-Type", "application/json")


def test_the_plain_command_is_readable() -> None:
    """A usual request gives a command as a person types it, over several lines when it is long."""
    plain = exchange(
        "http://127.0.0.1:39211",
        headers=(("Host", "x"), ("X-API-Key", MARK), JSON, ("Content-Length", "19"), ("User-Agent", "technogate")),
        body=b'{"command":"DEPLOY"}',
        key=MARK,
    )
    assert curl_for(plain).replace(" \\\n  ", " ") == (
        "curl -sS -i -X POST -H \"X-API-Key: $TECHNOGATE_API_KEY\" -H 'Content-Type: application/json' "
        '--data-binary \'{"command":"DEPLOY"}\' '
        '"${TECHNOGATE_BACKEND_URL:-http://127.0.0.1:39211}/api/execute"'
    )
    assert curl_for(exchange("http://127.0.0.1:1", method="GET", path="/api/memory")) == (
        'curl -sS -i "${TECHNOGATE_BACKEND_URL:-http://127.0.0.1:1}/api/memory"'
    )


BODIES = [
    b'{"command":"DEPLOY","session_id":"a b"}',
    b"",
    b'it\'s "quoted" $HOME `id` $(id) \\n \\x41 !! %s',
    b"@/etc/passwd",
    b"-d x",
    b"line one\nline two\r\n\ttab\n\n",
    bytes(range(256)),
    b"\x00",
    b"%%s %d ## [::]",
    "ação \u202e日本".encode(),
    b'{"a":"##[error]x"}',
    b"::error::x",
    b"[" * 70_000,
    b'{"command":"' + b"A" * 65_600 + b'"}',
    b"\xff" * 300 + b"'" * 300 + b"\\" * 300 + b"-" * 300 + b"%" * 300 + b"\0" * 300 + b" | end",
    b"".join(b"%d," % number for number in range(9_000)),
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:16]))
def test_the_body_arrives_byte_by_byte(body: bytes, shell: str, recorder: StandIn, tmp_path: Path) -> None:
    """The server receives exactly the recorded body, with its content type."""
    command = curl_for(exchange(recorder.url, headers=(JSON,), body=body))
    line, headers, received = run(command, recorder, tmp_path, shell)
    assert received == body
    assert line == "POST /api/execute HTTP/1.1"
    assert values(headers, "content-type") == ["application/json"]
    assert values(headers, "content-length") == [str(len(body))]


def test_a_missing_content_type_stays_missing(recorder: StandIn, tmp_path: Path) -> None:
    """Curl adds no form content type of its own."""
    for body in (b"{}", b""):
        _, headers, _ = run(curl_for(exchange(recorder.url, body=body)), recorder, tmp_path)
        assert values(headers, "content-type") == []


PATHS = [
    "/api/audit?filter=all&limit=50",
    "/api/audit?filter=a%20b&x=%zz",
    "/api/audit?filter=[1-3]&x={a,b}",
    "/api/../api/./audit",
    '/api/audit?q=it\'s&x="$HOME"`id`$(id)!',
    "/api/a b#c",
    "/api/audit?x=ação",
    "/api/audit?a|b^c\\d<e>",
    "*",
]


@pytest.mark.parametrize("path", PATHS)
def test_the_path_arrives_unchanged(path: str, recorder: StandIn, tmp_path: Path) -> None:
    """No globbing, no normalised dots, no expansion, no removed fragment."""
    command = curl_for(exchange(recorder.url, method="GET", path=path))
    line, _, body = run(command, recorder, tmp_path)
    assert line == f"GET {path} HTTP/1.1"
    assert body == b""


KEYS = [
    (MARK, KEY),
    ("${TECHNOGATE_API_KEY%?}", KEY[:-1]),
    ("${TECHNOGATE_API_KEY#?}", KEY[1:]),
    ("${TECHNOGATE_API_KEY}x", KEY + "x"),
    (MARK + MARK, KEY + KEY),
    (MARK + ", x", KEY + ", x"),
    ('$(printf %s "$TECHNOGATE_API_KEY" | sed "s/^./& /")', KEY[:1] + " " + KEY[1:]),
    ("$(printf %s \"$TECHNOGATE_API_KEY\" | tr 'a-zA-Z' 'A-Za-z')", KEY.swapcase()),
    ('$(printf %s "$TECHNOGATE_API_KEY" | tr a-z A-Z)', KEY.upper()),
    ("wrong-key-0000", "wrong-key-0000"),
    ("", ""),
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("expression", "sent"), KEYS)
def test_the_key_expression_makes_the_key(
    expression: str, sent: str, shell: str, recorder: StandIn, tmp_path: Path
) -> None:
    """Each near miss of the key is made from the key by the shell, and never written out."""
    command = curl_for(exchange(recorder.url, headers=(("X-API-Key", expression),), key=expression))
    assert KEY not in command
    _, headers, _ = run(command, recorder, tmp_path, shell)
    assert values(headers, "x-api-key") == [sent]


def test_the_key_beside_another_and_in_other_places(recorder: StandIn, tmp_path: Path) -> None:
    """Two keys in one request, and a key in a wrong place, are sent unchanged."""
    command = curl_for(
        exchange(
            recorder.url,
            method="GET",
            path=f"/api/memory?api_key={MARK}&x=$HOME",
            headers=(
                ("X-API-Key", "wrong-key-0000"),
                ("X-API-Key", MARK),
                ("Authorization", f"Bearer {MARK}"),
                ("Cookie", f"api_key={MARK}"),
            ),
            key="wrong-key-0000",
        )
    )
    line, headers, _ = run(command, recorder, tmp_path)
    assert line == f"GET /api/memory?api_key={KEY}&x=$HOME HTTP/1.1"
    assert values(headers, "x-api-key") == ["wrong-key-0000", KEY]
    assert values(headers, "authorization") == [f"Bearer {KEY}"]
    assert values(headers, "cookie") == [f"api_key={KEY}"]


HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    '"; touch pwned; "',
    "'; touch pwned; '",
    "$TECHNOGATE_API_KEY$(touch pwned)",
    '$(printf %s "$TECHNOGATE_API_KEY" | sed "s/a/b/w pwned")',
    '$(printf %s "$TECHNOGATE_API_KEY" | tee pwned)',
    '$TECHNOGATE_API_KEY"; touch pwned; "',
    "${TECHNOGATE_API_KEY:=$(touch pwned)}",
    "$TECHNOGATE_API_KEY\n touch pwned",
    "\\",
    "$HOME ~ * ?",
]


@pytest.mark.parametrize("place", ["key", "header", "name", "path", "body", "method", "base"])
@pytest.mark.parametrize("text", HOSTILE)
def test_the_shell_expands_nothing_else(text: str, place: str, tmp_path: Path) -> None:
    """Hostile text in any place is an argument of curl: the shell runs and expands none of it."""
    hostile = exchange(
        text if place == "base" else "http://127.0.0.1:9",
        method=text if place == "method" else "POST",
        path=text if place == "path" else "/x",
        headers=((text, "v"),) if place == "name" else (("X-API-Key", text if place in {"key", "header"} else "v"),),
        body=text.encode() if place == "body" else b"",
        key=text if place == "key" else "",
        responded_by="mock" if place == "header" else "backend",
    )
    tools = tmp_path / "tools"
    tools.mkdir()
    fake = tools / "curl"
    fake.write_text("#!/bin/sh\nfor word; do printf '%s\\036' \"$word\"; done\ncat >/dev/null\n")
    fake.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        ["bash", "-c", curl_for(hostile)],
        cwd=work,
        env={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "TECHNOGATE_API_KEY": KEY, "HOME": "/nowhere"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=STUCK_S,
        check=False,
    )
    assert list(work.iterdir()) == []
    assert done.returncode == 0, done.stderr
    assert b"/nowhere" not in done.stdout
    if place == "header":
        assert f"X-API-Key: {text}".encode() in done.stdout.split(b"\x1e")


def test_a_header_from_a_console_is_never_expanded() -> None:
    """A console under test that sends the expression as text gets no key for it."""
    command = curl_for(exchange("http://127.0.0.1:9", headers=(("X-Other", MARK),), responded_by="mock"))
    assert "'X-Other: $TECHNOGATE_API_KEY'" in command


def test_a_cut_body_has_a_comment() -> None:
    """The command sends what the journal kept, and its comment names the full size."""
    cut = exchange("http://127.0.0.1:9", body=b"x" * ((1 << 20) + 5))
    assert "the body had 1048581 bytes; the first 1048576 were recorded" in curl_for(cut)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=30),
    st.binary(max_size=30),
    st.sampled_from(["backend", "mock"]),
)
def test_the_command_is_printable(text: str, raw: bytes, responded_by: str) -> None:
    """A report can show the command unchanged: no invisible character, no workflow command."""
    command = curl_for(
        Exchange(
            id="x",
            item="t",
            responded_by="mock" if responded_by == "mock" else "backend",
            request=Request(
                method="POST",
                path="/" + text,
                headers=((text or "x", text),),
                body=Body(base64=base64.b64encode(raw).decode(), size=len(raw)),
            ),
            started=0.0,
            ended=0.0,
            base_url=text,
            key=text,
        )
    )
    assert visible(command, multiline=True) == command
    assert terminal_lines(command) == command


def test_the_command_reaches_a_server_behind_tls_and_a_prefix(tmp_path: Path) -> None:
    """On IPv6, with a certificate of an authority of one's own, whose file is named."""
    write_certificates(tmp_path, "::1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    received: list[bytes] = []
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve() -> None:
            with context.wrap_socket(listener.accept()[0], server_side=True) as connection:
                received.append(connection.recv(65536))
                connection.sendall(http_response(200))

        server = threading.Thread(target=serve)
        server.start()
        base_url = f"https://[::1]:{listener.getsockname()[1]}/base"
        command = curl_for(exchange(base_url, method="GET", path="/api/memory"), (tmp_path / "ca.pem").as_posix())
        ended = subprocess.run(
            [SHELLS[0], "-c", command], capture_output=True, text=True, timeout=STUCK_S, check=False, cwd=tmp_path
        )
        server.join()
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("HTTP/1.1 200")
    assert received[0].startswith(b"GET /base/api/memory HTTP/1.1\r\n")


def test_a_file_of_certificates_is_for_tls_alone() -> None:
    """The command for plain HTTP does not name it."""
    assert "--cacert" not in curl_for(exchange("http://127.0.0.1:1"), "ca.pem")
    assert "--cacert 'my ca.pem'" in curl_for(exchange("https://127.0.0.1:1"), "my ca.pem")


@pytest.mark.parametrize("responded_by", ["backend", "mock"])
def test_a_bearer_token_is_expanded(recorder: StandIn, tmp_path: Path, responded_by: str) -> None:
    """The scheme stands before the key, which the shell expands; what a console sent elsewhere is quoted."""
    sent = (("Authorization", f"Bearer {MARK}"), ("X-Other", f"Basic {MARK}"))
    with speaking(ContractWords(key_header="Authorization", key_prefix="Bearer ")):
        command = curl_for(exchange(recorder.url, headers=sent, key=MARK, responded_by=responded_by))
    _, headers, _ = run(command, recorder, tmp_path)
    assert ("Authorization", f"Bearer {KEY}") in headers
    assert ("X-Other", f"Basic {MARK if responded_by == 'mock' else KEY}") in headers
    assert KEY not in command
