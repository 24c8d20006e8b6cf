"""The browser driver on pages of every kind: the reference page, and one without aria-busy."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.drivers.page.page_habits import PageHabits
from technogate.drivers.page.playwright_import import PlaywrightError
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.held import Held
from technogate.mock.responses.redirect import Redirect
from technogate.mock.responses.stall import Stall
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Reply, ResponseTemplate, json_template
from technogate.target.spec import Selectors
from tests.conftest import STUCK_S
from tests.stand_in import StandIn, http_response

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

DATA = Path(__file__).with_name("data")
CONSOLE = Path(__file__).parents[2] / "images" / "console"
KEY = "key-of-the-tests-0001"
TIME = "2025-01-01T00:00:00Z"
OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchDiagnosticMetrics": ("GET", "/api/diagnostic/metrics"),
    "fetchMemory": ("GET", "/api/memory"),
}
QUIET = Selectors(
    command="#command", session="#session", run="#run", result="body", status="#status", trace_id="#trace",
    reasons="#reasons", message="#message", audit="#rows", audit_filter="#filter", audit_limit="#limit",
    audit_refresh="#refresh", audit_row="#rows li", audit_empty="#none", memory="#memory",
    memory_refresh="#remember", memory_command="#m-command", memory_output="#m-output", memory_status="#m-status",
    memory_timestamp="#m-time", memory_empty="#memory-empty",
)  # fmt: skip


def response(trace_id: str = "t-1", status: str = "APPROVED", **more: object) -> ResponseTemplate:
    """A conforming response to executeCommand."""
    value = {"status": status, "ts_utc": TIME, "trace_id": trace_id, "reason_codes": [], **more}
    return json_template(value, trace_id=trace_id)


def entry(trace_id: str) -> dict[str, str]:
    """A conforming audit entry."""
    return {"timestamp": TIME, "action": "EXECUTE", "result": "SUCCESS", "state": "APPROVED", "trace_id": trace_id}


def _list() -> Reply:
    return Conforming(template=json_template([entry("t-a"), entry("t-b")])).reply()


def _none() -> Reply:
    return Conforming(template=ResponseTemplate(status=204, headers=())).reply()


@pytest.fixture(scope="module")
def running() -> Iterator[MockBackend]:
    """One mock backend for all pages."""
    defaults = {
        "executeCommand": Conforming(template=response("t-default")).reply,
        "fetchAuditLog": _list,
        "fetchDiagnosticMetrics": _list,
        "fetchMemory": _none,
    }
    with MockBackend(operations=OPERATIONS, defaults=defaults) as mock_backend:
        yield mock_backend


@pytest.fixture(scope="module")
def reference(running: MockBackend) -> Iterator[BrowserDriver]:
    """The reference console, configured with a host that only this browser knows."""
    env = {**os.environ, "NEXT_PUBLIC_API_URL": "http://backend.test:8000", "NEXT_PUBLIC_API_KEY": KEY}
    command = [sys.executable, str(CONSOLE / "server.py"), "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://\S+", server.stdout.readline() if server.stdout else "")
            assert found
            where = {"backend.test:8000": f"127.0.0.1:{running.port}"}
            with BrowserDriver(found.group(), map_hosts=where) as driver:
                yield driver
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def quiet_url(running: MockBackend) -> Iterator[str]:
    """The URL of the page without aria-busy."""
    page = (DATA / "quiet" / "index.html").read_bytes()
    with StandIn(lambda _: http_response(200, page, content_type="text/html")) as server:
        yield f"{server.url}/?api={running.base_url}"


@pytest.fixture(scope="module")
def quiet(quiet_url: str) -> Iterator[BrowserDriver]:
    """The page without aria-busy."""
    with BrowserDriver(quiet_url, selectors=QUIET) as driver:
        yield driver


@pytest.fixture(params=["reference", "quiet"])
def page(request: pytest.FixtureRequest, running: MockBackend) -> BrowserDriver:
    """Each of the two pages, idle, with the mock backend reset."""
    driver: BrowserDriver = request.getfixturevalue(request.param)
    driver.wait_until_complete()
    running.reset()
    driver.forget()
    return driver


@pytest.fixture
def mock_backend(running: MockBackend, page: BrowserDriver) -> MockBackend:
    """The mock backend, reset once the page is idle."""
    assert page
    return running


def test_a_command_is_entered_and_its_result_read(page: BrowserDriver, mock_backend: MockBackend) -> None:
    """Status, trace id, reasons and message are those that the page shows for exactly one request."""
    template = response("t-7", "BLOCKED", reason_codes=["RATE_LIMITED", "TIMEOUT"], message="no")
    mock_backend.script("executeCommand", Conforming(template=template))
    rendered = page.execute("PING", "s-1")
    (received,) = mock_backend.received("executeCommand")
    assert received.body == b'{"command":"PING","session_id":"s-1"}'
    expected = {"status": "BLOCKED", "trace_id": "t-7", "reason_codes": "RATE_LIMITED TIMEOUT", "message": "no"}
    assert rendered.fields == expected
    assert rendered.started <= received.started <= rendered.ended
    page.execute("PING")
    assert mock_backend.received("executeCommand")[1].body == b'{"command":"PING"}'
    assert [request.method for request in page.requests() if request.url.endswith("/api/execute")] == ["POST", "POST"]


def test_failures_are_shown_as_the_page_shows_them(page: BrowserDriver, mock_backend: MockBackend) -> None:
    """A reset, a cut response and a redirect reach the page; the next response is shown unchanged."""
    for fault in (
        Broken(template=response()),
        Truncated(template=response(), at=9),
        Redirect(template=response(), location=mock_backend.base_url + "/nowhere"),
    ):
        mock_backend.script("executeCommand", fault)
        assert page.execute("PING").fields["status"] == "BLOCKED", fault
    mock_backend.refuse()
    assert page.execute("PING").fields["status"] == "BLOCKED"
    assert "net::ERR_CONNECTION_REFUSED" in {request.failure for request in page.requests()}
    mock_backend.accept()
    assert mock_backend.undelivered() == []
    assert page.execute("PING").fields["trace_id"] == "t-default"


def test_the_list_is_loaded_once_for_each_query(page: BrowserDriver, mock_backend: MockBackend) -> None:
    """Any change of the query sends exactly one request, with both values."""
    for query in (("all", 50), ("BLOCKED", 50), ("BLOCKED", 7), ("all", 3), ("all", 3)):
        mock_backend.reset()
        rendered = page.audit(*query)
        (received,) = mock_backend.received("fetchAuditLog")
        assert received.target == f"/api/audit?filter={query[0]}&limit={query[1]}"
        assert [row["trace_id"] for row in rendered.rows] == ["t-a", "t-b"]
        assert rendered.fields == {}
    assert rendered.rows[0].items() >= {("timestamp", TIME), ("action", "EXECUTE"), ("result", "SUCCESS")}
    mock_backend.script("fetchAuditLog", Conforming(template=json_template([])))
    rendered = page.audit("all", 3)
    assert (rendered.fields, rendered.rows) == ({"empty": "true"}, ())
    with pytest.raises(DriverError, match="offers no filter NO_SUCH_FILTER"):
        page.audit("NO_SUCH_FILTER")


def test_the_snapshot_is_loaded_once(page: BrowserDriver, mock_backend: MockBackend) -> None:
    """A snapshot is read part by part, and the absence of a snapshot is distinguished from an empty one."""
    snapshot = {"command": "PING", "output": "two\n lines", "status": "NEUTRAL", "timestamp": TIME}
    mock_backend.script("fetchMemory", Conforming(template=json_template(snapshot)))
    assert page.memory().fields == snapshot
    assert len(mock_backend.received("fetchMemory")) == 1
    assert page.memory().fields == {"empty": "true"}


@pytest.mark.parametrize("keys", ["none", "own", "lines"])
def test_a_page_that_takes_no_enter_key_is_used_by_mouse(quiet_url: str, running: MockBackend, keys: str) -> None:
    """On a page without the Enter key each call is one press: one request, and its response is read."""
    with BrowserDriver(f"{quiet_url}&keys={keys}", selectors=QUIET) as driver:
        driver.wait_until_complete()
        running.reset()
        for number in range(1, 4):
            running.script("executeCommand", Conforming(template=response(f"t-{number}")))
            assert driver.execute("PING").fields["trace_id"] == f"t-{number}"
            assert [row["trace_id"] for row in driver.audit().rows] == ["t-a", "t-b"]
            assert driver.memory().fields == {"empty": "true"}
            for operation in ("executeCommand", "fetchAuditLog", "fetchMemory"):
                assert len(running.received(operation)) == number, operation
        # A key that only broke the line in the field has left nothing of it.
        assert {received.body for received in running.received("executeCommand")} == {b'{"command":"PING"}'}


def test_two_commands_overlap(reference: BrowserDriver, running: MockBackend) -> None:
    """A second command runs while the first is held back; what is shown is read before and after its release."""
    reference.wait_until_complete()
    running.reset()
    older, newer = running.script(
        "executeCommand", Held(template=response("t-old"), name="old"), Conforming(template=response("t-new"))
    )
    assert reference.start_execute("OLDER")
    running.wait_for("executeCommand", 1)
    assert reference.start_execute("NEWER")
    assert reference.result().fields["trace_id"] == "t-new"
    running.release("old")
    running.wait_until_complete()
    reference.wait_until_complete()
    assert reference.result().fields["trace_id"] == "t-new"
    assert (older.delivery.delivered, newer.delivery.delivered) == (True, True)


def test_a_request_that_ends_between_calls_has_ended(reference: BrowserDriver, running: MockBackend) -> None:
    """A read that the page began by itself is reported as ended without a further call."""
    reference.wait_until_complete()
    running.reset()
    reference.forget()
    running.script("fetchMemory", Held(template=ResponseTemplate(status=204, headers=()), name="unseen"))
    assert reference.execute("PING").fields["status"] == "APPROVED"
    running.wait_for("fetchMemory", 1)
    running.release("unseen")
    running.wait_until_complete()
    deadline = time.monotonic() + STUCK_S
    while not (ended := [bool(request.ended) for request in reference.requests()]) or not all(ended):
        assert time.monotonic() < deadline, "the driver never heard of the end"


def test_a_page_that_does_not_react_has_no_status(
    quiet: BrowserDriver, running: MockBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old result is never read as that of a command that the page ignored, refused or is still busy with."""
    quiet.wait_until_complete()
    running.reset()
    assert quiet.execute("PING").fields["status"] == "APPROVED"
    assert quiet.execute("IGNORED").fields == {"unchanged": "true"}
    assert quiet.execute("DISABLED").fields == {"refused": "the page does not let it be run"}
    assert not quiet.start_execute("DISABLED")
    running.script("executeCommand", Stall(template=response()))
    # Only what never reacts is waited for to the end: nothing else here depends on how fast the machine is.
    with monkeypatch.context() as patch:
        patch.setattr(quiet._console, "limit_s", 1.5)
        rendered = quiet.execute("PING")
    assert rendered.fields == {"pending": "true"}
    assert rendered.ended - rendered.started >= 1
    running.reset()
    assert quiet.execute("PING").fields["status"] == "APPROVED"


def test_traces_of_a_page_are_found(quiet: BrowserDriver, running: MockBackend) -> None:
    """Storage, cookies, markup, console lines, errors and dialogs are all reported."""
    quiet.wait_until_complete()
    running.reset()
    quiet.forget()
    quiet.execute("LEAK")
    quiet.wait_until_complete()
    left = quiet.inspect()
    assert left.storage == {"localStorage:kept": "secret-1", "sessionStorage:kept": "secret-2"}
    assert left.cookies == ("kept=secret-3",)
    assert left.lines == ("secret-4", "uncaught secret-5", "dialog: secret-6")
    assert left.markup["message"] == ("b", "img")
    assert left.markup["status"] == ()
    assert '<img alt="x">' in left.html
    assert "LEAK" in left.text


def test_the_reference_page_leaves_nothing_behind(reference: BrowserDriver, running: MockBackend) -> None:
    """Markup in a response stays text, and the key is nowhere in the page."""
    reference.wait_until_complete()
    running.reset()
    hostile = "<img src=x onerror=alert(1)>"
    running.script("executeCommand", Conforming(template=response("t-1", "WARNING", message=hostile)))
    assert reference.execute("PING").fields["message"] == hostile
    left = reference.inspect()
    assert left.markup["message"] == ()
    assert (left.storage, left.cookies) == ({}, ())
    assert KEY not in repr(left)
    assert any(url.endswith("/api/execute") for url in left.urls)


def test_a_missing_part_is_named(quiet: BrowserDriver) -> None:
    """A wrong selector is an error that names the part, the selector and the setting."""
    wrong = msgspec.structs.replace(QUIET, status="#no-status", memory_refresh="#no-button", session="#no-session")
    right, quiet._console.css = quiet._console.css, msgspec.structs.asdict(wrong)
    learnt, quiet._console.habits = quiet._console.habits, PageHabits()
    try:
        with pytest.raises(DriverError, match=r"no part `status` \(#no-status\): correct console\.selectors\.status"):
            quiet.execute("PING")
        with pytest.raises(DriverError, match="no part `memory_refresh`"):
            quiet.memory()
        with pytest.raises(DriverError, match="no part `session`"):
            quiet.execute("PING", "s-1")
    finally:
        quiet._console.css, quiet._console.habits = right, learnt


def test_the_callers_thread_keeps_no_event_loop(quiet: BrowserDriver) -> None:
    """A test beside an open browser can still run an event loop of its own."""
    assert quiet.name == "browser"
    assert asyncio.run(asyncio.sleep(0, "ran")) == "ran"


def test_a_page_that_does_not_respond_is_one_clear_error(quiet: BrowserDriver, running: MockBackend) -> None:
    """The error names the address of a missing console; once it is back the driver works again."""
    running.refuse()
    right, quiet._console.url = quiet._console.url, running.base_url
    try:
        with pytest.raises(DriverError, match="ERR_CONNECTION_REFUSED"):
            quiet.reload()
    finally:
        running.accept()
        quiet._console.url = right
    quiet.reload()
    assert quiet.execute("PING").fields["status"] == "APPROVED"


def test_a_browser_that_does_not_start_is_one_clear_error(running: MockBackend, tmp_path: Path) -> None:
    """The error names a program that is no browser, and no process is left."""
    before = set(threading.enumerate())
    with pytest.raises(DriverError, match="no-browser does not start"):
        BrowserDriver(running.base_url, browser=tmp_path / "no-browser")
    # The thread in which asyncio waited for Playwright's process ends a short time after that process.
    for thread in set(threading.enumerate()) - before:
        thread.join(STUCK_S)
    assert set(threading.enumerate()) <= before


def leave(driver: BrowserDriver) -> None:
    """The page loads another document in place of showing a result."""
    driver.execute("LEAVE")


def crash(driver: BrowserDriver) -> None:
    """The renderer of the page crashes, and then the page is used."""
    page = driver._console.page

    def crashed() -> None:
        with page.expect_event("crash"), contextlib.suppress(PlaywrightError):
            page.goto("chrome://crash")

    driver._run(crashed)
    driver.wait_until_complete()


def close(driver: BrowserDriver) -> None:
    """The page is closed, and then used."""
    driver._run(driver._console.page.close)
    driver.wait_until_complete()


@pytest.mark.parametrize(
    ("end", "how"), [(leave, "left for another document"), (crash, "crashed"), (close, "closed itself")]
)
def test_a_page_that_ends_by_itself_is_loaded_afresh(
    quiet_url: str, running: MockBackend, end: Callable[[BrowserDriver], None], how: str
) -> None:
    """That is told as an act of the page and not of the browser, and it works again in a new context."""
    with BrowserDriver(quiet_url, selectors=QUIET) as driver:
        with pytest.raises(ConsoleEnded, match=f"the page {how}") as ended:
            end(driver)
        assert (ended.value.program, ended.value.exit_code) == ("page", None)
        driver.restart()
        running.reset()
        assert driver.execute("PING").fields["status"] == "APPROVED"


def test_a_fresh_page_has_nothing_of_the_one_before(quiet_url: str) -> None:
    """Storage and cookies are gone after a restart; the console lines, which may hold a secret, are kept."""
    with BrowserDriver(quiet_url, selectors=QUIET) as driver:
        driver.execute("LEAK")
        driver.restart()
        exposed = driver.inspect()
    assert exposed.storage == {}
    assert exposed.cookies == ()
    assert "secret-4" in exposed.lines


#: A page that shows that it waits, sends its request a little later, and shows the answer a little after it came.
SLOW_TO_SHOW = b"""<!doctype html><body>
<input id="command"><button id="run">Run</button><p id="status"></p><p id="trace"></p>
<script>
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const show = (id, text) => (document.getElementById(id).textContent = text);
const backend = new URLSearchParams(location.search).get("api");
document.getElementById("run").addEventListener("click", async () => {
  show("status", "...");
  await pause(300);
  const answer = await fetch(`${backend}/api/execute`, { method: "POST", body: "{}" });
  const { status, trace_id } = await answer.json();
  await pause(100);
  show("trace", trace_id);
  show("status", status);
});
</script>"""


@pytest.mark.parametrize("unmarked", [False, True])
def test_an_answer_is_awaited_although_the_page_shows_that_it_waits(running: MockBackend, *, unmarked: bool) -> None:
    """Also in a browser where nothing in the page tells of its requests."""
    selectors = msgspec.structs.replace(
        Selectors(**dict.fromkeys(Selectors.__struct_fields__, "")),
        command="#command", run="#run", result="body", status="#status", trace_id="#trace",
    )  # fmt: skip
    with (
        StandIn(lambda _: http_response(200, SLOW_TO_SHOW, content_type="text/html")) as server,
        BrowserDriver(f"{server.url}/?api={running.base_url}", selectors=selectors, unmarked=unmarked) as driver,
    ):
        shown = [driver.execute("PING").fields["status"] for _ in range(3)]
    assert shown == ["APPROVED"] * 3
