"""The console's server: its files, its headers, its start and its end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import STUCK_S
from tests.images.console_mock_backend import CONSOLE, KEY, console

API = "http://backend:8000"
#: Seconds that its end may take: less than the 30 s that the server waits for an idle connection.
ENDS_S = 25.0


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a server that is configured."""
    environment = {"NEXT_PUBLIC_API_URL": API, "NEXT_PUBLIC_API_KEY": KEY}
    with console(environment) as (url, _), httpx.Client(base_url=url, trust_env=False) as http_client:
        yield http_client


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/?x=1", "text/html; charset=utf-8"),
        ("/console.css", "text/css; charset=utf-8"),
        ("/client.js", "text/javascript; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/config.json", "application/json"),
        ("/health", "application/json"),
    ],
)
def test_each_file_has_its_type(client: httpx.Client, path: str, kind: str) -> None:
    """STK-01: every path of the page is served, by GET and by HEAD."""
    got, head = client.get(path), client.head(path)
    assert (got.status_code, got.headers["content-type"]) == (200, kind)
    assert head.headers["content-length"] == str(len(got.content))
    assert head.content == b""


def test_the_configuration_is_not_kept(client: httpx.Client) -> None:
    """CON-12: no cache keeps the key, and no other origin may read it."""
    got = client.get("/config.json")
    assert got.json() == {"apiUrl": API, "apiKey": KEY}
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in got.headers


def test_the_key_is_in_the_configuration_alone(client: httpx.Client) -> None:
    """CON-12: no file of the page and no header holds it."""
    for path in ["/", "/client.js", "/page.js", "/console.css", "/health", "/nowhere"]:
        got = client.get(path)
        assert KEY not in got.text + str(got.headers)


def test_health_is_public(client: httpx.Client) -> None:
    """STK-01: the health check needs no key."""
    assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/config.json", "/nowhere"])
def test_the_policy_allows_the_page_and_its_backend_alone(client: httpx.Client, path: str) -> None:
    """CON-15: no foreign or inline script, and requests to the console and the backend only."""
    policy = dict(part.strip().split(" ", 1) for part in client.get(path).headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == f"'self' {API}"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"


@pytest.mark.parametrize(
    ("api", "source"),
    [
        ("http://127.0.0.1:8000/base/", "'self' http://127.0.0.1:8000"),
        ("https://Example.test", "'self' https://example.test"),
        ("http://[::1]:8000", "'self' http:"),
        ("http://x;script-src *", "'self'"),
        ("http://x y", "'self'"),
        ("http://x:port", "'self'"),
        ("javascript:alert(1)", "'self'"),
        ("", "'self'"),
    ],
)
def test_the_backends_address_cannot_widen_the_policy(api: str, source: str) -> None:
    """CON-15: only a plain host and port reach the header; anything else allows no more than the console itself."""
    with console({"NEXT_PUBLIC_API_URL": api}) as (url, _):
        policy = httpx.get(url, trust_env=False).headers["content-security-policy"]
    assert f"connect-src {source};" in policy


@pytest.mark.parametrize(
    "path",
    ["/server.py", "/static/client.js", "/../server.py", "/%2e%2e/server.py", "//etc/passwd", "/package.json", "/x"],
)
def test_nothing_else_can_be_reached(client: httpx.Client, path: str) -> None:
    """STK-07: a path is looked up in a list, never in the file system."""
    request = httpx.Request("GET", client.base_url, extensions={"target": path.encode()})
    got = client.send(request)
    assert (got.status_code, got.content) == (404, b"")


def test_another_method_is_refused_and_the_server_lives_on(client: httpx.Client) -> None:
    """STK-01: the server refuses another method and still serves the page."""
    assert client.post("/", content=b"x" * 100_000).status_code == 501
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_quietly(number: signal.Signals) -> None:
    """STK-06, AUT-06: it exits 0 and logs nothing, above all not the key."""
    with console({"NEXT_PUBLIC_API_URL": API, "NEXT_PUBLIC_API_KEY": KEY}) as (url, process):
        with httpx.Client(base_url=url, trust_env=False) as kept_alive:
            kept_alive.get("/config.json")
            process.send_signal(number)
            out, errors = process.communicate(timeout=ENDS_S)
        assert (process.returncode, out, errors) == (0, "", "")


def test_it_starts_unconfigured_and_reports_it() -> None:
    """CON-20: two lines on standard error name the two variables."""
    with console({}) as (url, process):
        assert httpx.get(f"{url}/config.json", trust_env=False).json() == {"apiUrl": "", "apiKey": ""}
        process.terminate()
        _, errors = process.communicate(timeout=STUCK_S)
    assert [line.split()[1] for line in errors.splitlines()] == ["NEXT_PUBLIC_API_URL", "NEXT_PUBLIC_API_KEY"]


def test_a_port_in_use_is_one_clear_line() -> None:
    """STK-01: exit code 2, and no traceback."""
    with console({}) as (url, _):
        port = url.rpartition(":")[2]
        command = [sys.executable, str(CONSOLE / "server.py"), "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=STUCK_S, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith(f"console: cannot listen on 127.0.0.1:{port}: ")
    assert "Traceback" not in ended.stderr


def test_the_image_has_no_secret_no_root_and_a_health_check() -> None:
    """STK-07, STK-08: the Dockerfile states them, and its base image is replaceable."""
    lines = (CONSOLE / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "ARG BASE_IMAGE=python:3.11-slim" in lines
    assert "USER 10001:10001" in lines
    assert any(line.startswith("HEALTHCHECK ") for line in lines)
    assert not any("NEXT_PUBLIC" in line for line in lines)


def test_the_client_is_a_module_for_node() -> None:
    """CON-01: the folder declares that to every version of Node, and nothing is imported from elsewhere."""
    assert json.loads((CONSOLE / "static" / "package.json").read_text(encoding="utf-8"))["type"] == "module"
    assert "import " not in (CONSOLE / "static" / "client.js").read_text(encoding="utf-8")
