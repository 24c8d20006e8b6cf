"""The browser driver on pages of each kind: controls, shadow trees, frames, policies, scripts that are late."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest

from technogate.drivers.console_driver import NotOffered
from technogate.drivers.page.browser_process import borrow, give_back
from technogate.drivers.page.chromium import browser_missing, find_browser
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Reply, ResponseTemplate, json_template
from technogate.target.spec import Selectors
from tests.stand_in import StandIn, StandInRequest, http_response

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

DATA = Path(__file__).with_name("data") / "kinds"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
POLICY = {"Content-Security-Policy": "script-src 'self'; style-src 'self'; require-trusted-types-for 'script'"}
TIME = "2025-01-01T00:00:00Z"
OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchMemory": ("GET", "/api/memory"),
}
ROWS = 200


def answer(trace_id: str = "t-1", status: str = "APPROVED") -> ResponseTemplate:
    """A conforming response to executeCommand."""
    return json_template({"status": status, "ts_utc": TIME, "trace_id": trace_id, "reason_codes": []})


def _answer() -> Reply:
    return Conforming(template=answer()).reply()


def _list() -> Reply:
    return Conforming(template=json_template(entries(2))).reply()


def _none() -> Reply:
    return Conforming(template=ResponseTemplate(status=204, headers=())).reply()


def entries(number: int) -> list[dict[str, str]]:
    """Conforming audit entries, each with its own trace id."""
    usual = {"timestamp": TIME, "action": "EXECUTE", "result": "SUCCESS", "state": "APPROVED"}
    return [{**usual, "trace_id": f"t-{at}"} for at in range(number)]


@pytest.fixture(scope="module")
def running() -> Iterator[MockBackend]:
    """One mock backend for all pages."""
    defaults = {"executeCommand": _answer, "fetchAuditLog": _list, "fetchMemory": _none}
    with MockBackend(operations=OPERATIONS, defaults=defaults) as mock_backend:
        yield mock_backend


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The server of the pages: `frame.html` has the page in a frame, `strict.html` has it under a policy."""

    def serve(request: StandInRequest) -> bytes:
        name = request.path.removeprefix("/").removeprefix("strict/")
        policy = POLICY if request.path.startswith("/strict/") else {}
        if name == "frame.html":
            query = request.target.partition("?")[2].replace("&", "&amp;")
            text = f'<!doctype html><title>A frame</title><iframe id="console" src="index.html?{query}"></iframe>'
            return http_response(200, text.encode(), content_type=TYPES[".html"])
        if not (DATA / name).is_file():
            return http_response(200, b"{}")
        return http_response(200, (DATA / name).read_bytes(), content_type=TYPES[Path(name).suffix], headers=policy)

    with StandIn(serve) as stand_in:
        yield stand_in.url


@pytest.fixture(scope="module", autouse=True)
def browser() -> Iterator[None]:
    """One browser for all pages."""
    lent = borrow(find_browser() or Path(), {})
    try:
        yield
    finally:
        give_back(lent)


@pytest.fixture
def opened(server: str, running: MockBackend) -> Iterator[PageMaker]:
    """Opens pages of the kinds that a test names."""
    with PageMaker(server, running) as maker:
        yield maker


class PageMaker:
    """Opens one page: `path` of the server, with these parts."""

    def __init__(self, server: str, running: MockBackend) -> None:
        self._server, self._running = server, running
        self._driver: BrowserDriver | None = None

    def __call__(self, path: str = "index.html", selectors: Selectors | None = None, **kinds: str) -> BrowserDriver:
        """The driver of the page, once it is idle, with the mock backend reset."""
        query = urlencode({"api": self._running.base_url, "first": "loads", **kinds})
        self._running.reset()
        self._driver = BrowserDriver(f"{self._server}/{path}?{query}", selectors=selectors)
        self._driver.wait_until_complete()
        self._running.reset()
        return self._driver

    def __enter__(self) -> PageMaker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._driver is not None:
            self._driver.close()


def within(outer: str) -> Selectors:
    """The usual selectors, each within `outer`; the cells of a row are within that."""
    usual = msgspec.structs.asdict(Selectors())
    return Selectors(**{name: css if "data-field" in css else f"{outer} >>> {css}" for name, css in usual.items()})


def every_call_works(driver: BrowserDriver, running: MockBackend) -> None:
    """Each of the three calls is one request, and what comes of it is read."""
    for number in range(2):
        running.script("executeCommand", Conforming(template=answer(f"t-{number}", "WARNING")))
        fields = driver.execute("PING").fields
        assert (fields["status"], fields["trace_id"]) == ("WARNING", f"t-{number}")
        assert [row["trace_id"] for row in driver.audit("BLOCKED" if number else "all").rows] == ["t-0", "t-1"]
        assert driver.memory().fields == {"empty": "true"}
        for operation in OPERATIONS:
            assert len(running.received(operation)) == number + 1, operation
    assert [received.body for received in running.received("executeCommand")] == [b'{"command":"PING"}'] * 2
    targets = [received.target for received in running.received("fetchAuditLog")]
    assert targets == ["/api/audit?filter=all&limit=50", "/api/audit?filter=BLOCKED&limit=50"]


@pytest.mark.parametrize(
    "kinds",
    [
        {},
        {"filter": "radio"},
        {"filter": "buttons", "loads": "no"},
        {"filter": "popup"},
        {"command": "textarea"},
        {"command": "editable"},
        {"command": "wrapped"},
        {"run": "late"},
        {"run": "server"},
        {"run": "keys"},
        {"starts": "1200", "first": "waits"},
        {"starts": "3000"},
        {"in": "shadow", "filter": "popup"},
        {"shown": "late"},
    ],
    ids=lambda kinds: "-".join(kinds.values()) or "plain",
)
def test_a_page_of_this_kind_is_used(opened: PageMaker, running: MockBackend, kinds: dict[str, str]) -> None:
    """Each of the three calls is one request, and what comes of it is read."""
    every_call_works(opened(selectors=None, **kinds), running)


@pytest.mark.parametrize(("kinds", "before"), [({"limit": "loads"}, ["filter=all&limit=7"]), ({}, [])])
def test_what_follows_the_last_change_of_a_query_is_the_call(
    opened: PageMaker, running: MockBackend, kinds: dict[str, str], before: list[str]
) -> None:
    """A page that loads its list at each change requests a query of its own between two of them."""
    driver = opened(selectors=None, **kinds)
    driver.audit("all", 50)
    running.reset()
    driver.audit("BLOCKED", 7)
    sent = running.received("fetchAuditLog")
    assert [one.target.partition("?")[2] for one in sent] == [*before, "filter=BLOCKED&limit=7"]
    assert [one for one in sent if one.started >= driver.read_since()] == sent[-1:]


def test_a_page_in_a_frame_is_used(opened: PageMaker, running: MockBackend) -> None:
    """A selector names the frame and the part in it."""
    driver = opened("frame.html", within("#console"), filter="popup")
    every_call_works(driver, running)
    assert "PING" in driver.inspect().text
    running.script("fetchAuditLog", Conforming(template=json_template(entries(1))))
    driver.audit("BLOCKED")
    assert {"audit_row", "audit_timestamp", "audit_state"} <= driver.parts()


def test_a_page_in_a_named_shadow_tree_is_used(opened: PageMaker, running: MockBackend) -> None:
    """A selector may name the element that holds the tree."""
    every_call_works(opened(selectors=within("console-app"), **{"in": "shadow"}), running)


def test_a_page_under_a_strict_policy_is_used(opened: PageMaker, running: MockBackend) -> None:
    """A policy that allows the page's own scripts alone keeps nobody from reading the page."""
    driver = opened("strict/index.html", filter="radio")
    every_call_works(driver, running)
    assert not [line for line in driver.inspect().lines if "Content Security Policy" in line]


def test_a_list_that_draws_what_is_in_view_is_read_to_its_end(opened: PageMaker, running: MockBackend) -> None:
    """Every row is read, in order, and the list is where it was."""
    driver = opened(rows="virtual")
    running.script("fetchAuditLog", Conforming(template=json_template(entries(ROWS))))
    rows = driver.audit().rows
    assert [row["trace_id"] for row in rows] == [f"t-{at}" for at in range(ROWS)]
    assert len(running.received("fetchAuditLog")) == 1


def test_a_result_that_vanishes_was_shown(opened: PageMaker, running: MockBackend) -> None:
    """A result is read although it is gone at once, and the next one is not taken for it."""
    driver = opened(shown="toast")
    for status in ("WARNING", "BLOCKED"):
        running.script("executeCommand", Conforming(template=answer(f"t-{status.lower()}", status)))
        fields = driver.execute("PING").fields
        assert (fields["status"], fields["trace_id"]) == (status, f"t-{status.lower()}")


@pytest.mark.parametrize("css", ["cased", "capitalised"])
def test_a_style_sheet_changes_no_value(opened: PageMaker, css: str) -> None:
    """A status is read as it is seen in capitals, everything else as it is in the document."""
    fields = opened(css=css).execute("PING").fields
    assert (fields["status"], fields["trace_id"]) == ("APPROVED", "t-1")


def test_a_page_without_a_filter_has_the_default_query(opened: PageMaker, running: MockBackend) -> None:
    """The default filter is requested whatever is wanted, and what the page lacks is said."""
    driver = opened(filter="none")
    assert len(driver.audit("BLOCKED", 7).rows) == 2
    assert running.received("fetchAuditLog")[0].target == "/api/audit?filter=all&limit=7"
    assert any("audit_filter" in note for note in driver.notes())


def test_a_value_that_a_page_does_not_offer_is_said(opened: PageMaker, running: MockBackend) -> None:
    """A filter that is there and lacks a value requests nothing."""
    driver = opened(filter="radio")
    with pytest.raises(NotOffered, match=re.escape("offers no filter WARNING: correct console.selectors.audit_filter")):
        driver.audit("WARNING")
    assert running.received("fetchAuditLog") == []


def test_a_command_that_a_page_refuses_is_refused_soon(opened: PageMaker, running: MockBackend) -> None:
    """What a page takes its time to allow is allowed; what it does not is refused, and nothing is sent."""
    driver = opened(run="late")
    assert driver.execute("PING").fields["status"] == "APPROVED"
    refused = driver.execute("ping")
    assert "refused" in refused.fields
    assert driver._habits.enabling_s < 1
    assert driver.execute("PONG").fields["status"] == "APPROVED"
    assert [received.body for received in running.received("executeCommand")] == [
        b'{"command":"PING"}', b'{"command":"PONG"}',
    ]  # fmt: skip


def test_a_command_that_a_page_ignores_is_not_repeated(opened: PageMaker, running: MockBackend) -> None:
    """A page that has reacted before listens: a command that it ignores is pressed once."""
    driver = opened()
    assert driver.execute("PING").fields["status"] == "APPROVED"
    assert driver.execute("ping").fields == {"unchanged": "true"}
    assert len(running.received("executeCommand")) == 1
