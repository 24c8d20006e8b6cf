"""The console's page in a real browser: what it shows, and what it sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.images.console_browser import OpenedPage, chromium, nothing_sent, opened
from tests.images.console_mock_backend import (
    KEY,
    NOW,
    WAIT_S,
    PlannedBackend,
    Reply,
    console,
    entry,
    executed,
    refused,
    reply,
    snapshot,
)
from tests.stand_in import StandInRequest

pytestmark = pytest.mark.slow

STATUSES = ["APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL"]
MARKUP = '<img src=x onerror="document.title=1"><script>document.title=2</script><b>&amp;</b>'
READS = ["/api/audit", "/api/memory"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the whole module."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[PlannedBackend, str]]:
    """One stand-in for the backend, and a console configured for it."""
    with (
        PlannedBackend() as mock_backend,
        console({"NEXT_PUBLIC_API_URL": mock_backend.url, "NEXT_PUBLIC_API_KEY": KEY}) as (url, _),
    ):
        yield mock_backend, url


@pytest.fixture
def mock_backend(served: tuple[PlannedBackend, str]) -> PlannedBackend:
    """The stand-in, with a conforming response for every request."""
    served[0].forget()
    served[0].plan = {
        "/api/execute": reply(200, executed()),
        "/api/audit": reply(200, [entry()]),
        "/api/diagnostic/metrics": reply(200, [entry(trace_id="fall-1")]),
        "/api/memory": reply(200, snapshot()),
    }
    return served[0]


@pytest.fixture
def opened_page(
    browser: Browser, served: tuple[PlannedBackend, str], mock_backend: PlannedBackend
) -> Iterator[OpenedPage]:
    """The page, opened, with its first reads completed and cleared."""
    with opened(browser, served[1]) as page:
        assert sorted(request.path for request in mock_backend.received) == READS
        mock_backend.received.clear()
        yield page


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_shown_with_its_fields(
    opened_page: OpenedPage, mock_backend: PlannedBackend, status: str
) -> None:
    """CON-02, CON-18: the page shows status, trace id, reasons, message and time verbatim."""
    mock_backend.plan["/api/execute"] = reply(
        200, executed(status=status, reason_codes=["RATE_LIMITED", "Other_2"], message="Look here.", trace_id="t-77")
    )
    assert opened_page.run() == status
    assert opened_page.part("result").get_attribute("data-status") == status
    assert opened_page.text("result-trace-id") == "t-77"
    assert opened_page.text("result-message") == "Look here."
    assert opened_page.text("result-time") == NOW
    assert opened_page.reasons() == ["RATE_LIMITED", "Other_2"]
    if status != "APPROVED":
        assert "approved" not in (opened_page.part("result").inner_text()).lower()


def test_absent_fields_are_hidden(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-02: without reasons, message or execution no text of an older response stays."""
    mock_backend.plan["/api/execute"] = reply(
        200, executed(status="WARNING", reason_codes=["A"], message="Old.", execution_id="e_1")
    )
    opened_page.run()
    mock_backend.plan["/api/execute"] = reply(200, executed())
    assert opened_page.run() == "APPROVED"
    assert opened_page.part("result-message").get_attribute("hidden") is not None
    assert opened_page.part("result-reasons").get_attribute("hidden") is not None
    assert opened_page.reasons() == []
    assert "e_1" not in opened_page.part("result").inner_text()


def test_while_a_response_is_pending_the_last_result_is_gone(
    opened_page: OpenedPage, mock_backend: PlannedBackend
) -> None:
    """CON-17: pressing Run marks the result busy at once and removes the old one."""
    assert opened_page.run() == "APPROVED"
    released = threading.Event()
    mock_backend.plan["/api/execute"] = reply(200, executed(status="NEUTRAL"), released=released)
    busy = opened_page.page.evaluate(
        """() => {
            document.querySelector('[data-testid="command-run"]').click();
            const result = document.querySelector('[data-testid="result"]');
            return [result.getAttribute("aria-busy"), result.dataset.status, result.innerText.includes("APPROVED")];
        }"""
    )
    assert busy == ["true", "pending", False]
    assert opened_page.part("command-run").is_enabled()
    released.set()
    opened_page.wait_until_complete()
    assert opened_page.text("result-status") == "NEUTRAL"


@pytest.mark.parametrize(("http", "said"), [(400, executed()), (401, executed()), (403, refused()), (500, executed())])
def test_an_error_is_blocked_in_words(
    opened_page: OpenedPage, mock_backend: PlannedBackend, http: int, said: object
) -> None:
    """CON-04, CON-05: any body of an error is BLOCKED; 401 and 403 have a sentence of their own."""
    mock_backend.plan["/api/execute"] = reply(http, said)
    assert opened_page.run() == "BLOCKED"
    assert (opened_page.text("result-message") == "Autenticacao falhou") == (http in {401, 403})


@pytest.mark.parametrize(
    "said",
    [
        Reply(),
        Reply(then="reset"),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
        reply(200, executed(), headers={"Content-Length": "999"}),
        reply(200, executed(), headers={"Content-Encoding": "gzip"}),
        reply(200, executed(), headers={"Access-Control-Allow-Origin": ""}),
        reply(200, executed(status="approved")),
        reply(200, executed(), kind="text/html"),
        reply(201, executed()),
        reply(204),
    ],
)
def test_a_response_that_does_not_conform_is_blocked(
    opened_page: OpenedPage, mock_backend: PlannedBackend, said: Reply
) -> None:
    """CON-03, CON-07, CON-08, CON-09, CON-16: BLOCKED after one POST, and the next response is shown as it is."""
    mock_backend.plan["/api/execute"] = said
    assert opened_page.run() == "BLOCKED"
    assert len(opened_page.reasons()) == 1
    assert opened_page.text("result-message") != ""
    assert len(mock_backend.requests("/api/execute")) == 1
    mock_backend.plan["/api/execute"] = reply(200, executed())
    assert opened_page.run() == "APPROVED"


@pytest.mark.parametrize("http", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(opened_page: OpenedPage, mock_backend: PlannedBackend, http: int) -> None:
    """CON-14: the POST is not repeated and the key goes nowhere else."""
    with PlannedBackend() as redirect_target:
        redirect_target.plan["/api/execute"] = reply(200, executed())
        mock_backend.plan["/api/execute"] = reply(
            http, executed(), headers={"Location": f"{redirect_target.url}/api/execute"}
        )
        assert opened_page.run() == "BLOCKED"
        assert nothing_sent(redirect_target)
    assert len(mock_backend.requests("/api/execute")) == 1


def test_every_request_carries_the_key_in_its_header_alone(
    opened_page: OpenedPage, mock_backend: PlannedBackend
) -> None:
    """CON-01: the key is only in the header, also of the page's own reads after a command."""
    mock_backend.plan["/api/audit"] = reply(500, refused())
    opened_page.run()
    assert len(mock_backend.received) == 4
    for request in mock_backend.received:
        assert request.header("x-api-key") == KEY
        assert KEY not in request.target
        assert not {"authorization", "cookie", "referer"} & {name.lower() for name, _ in request.headers}


def test_a_session_id_is_sent_when_there_is_one(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-09: it is sent by its name in the contract, and omitted when the field is empty."""
    opened_page.enter("STATUS", "s-1")
    opened_page.wait_until_complete()
    opened_page.run()
    bodies = [request.json for request in mock_backend.requests("/api/execute")]
    assert bodies == [{"command": "STATUS", "session_id": "s-1"}, {"command": "STATUS"}]


@pytest.mark.parametrize(
    ("command", "session"), [("", ""), ("ab", ""), ("STATUS 1", ""), (MARKUP, ""), ("STATUS", "x" * 129)]
)
def test_a_command_outside_the_pattern_is_never_sent(
    opened_page: OpenedPage, mock_backend: PlannedBackend, command: str, session: str
) -> None:
    """CON-13: BLOCKED is shown, and nothing is sent, automatic reads included."""
    opened_page.enter(command, session)
    opened_page.wait_until_complete()
    assert opened_page.text("result-status") == "BLOCKED"
    assert opened_page.reasons() == ["VALIDATION_FAILED"]
    assert nothing_sent(mock_backend)


@pytest.mark.parametrize(
    "environment",
    [{}, {"NEXT_PUBLIC_API_KEY": KEY}, {"NEXT_PUBLIC_API_URL": "URL"}, {"NEXT_PUBLIC_API_URL": "backend"}],
)
def test_without_a_configuration_nothing_is_sent(
    browser: Browser, mock_backend: PlannedBackend, environment: dict[str, str]
) -> None:
    """CON-20: BLOCKED, and the page names what is missing."""
    with (
        console({name: value.replace("URL", mock_backend.url) for name, value in environment.items()}) as (url, _),
        opened(browser, url) as opened_page,
    ):
        assert opened_page.run() == "BLOCKED"
        assert "nothing is sent" in opened_page.page.locator("#problem").inner_text()
        assert opened_page.rows() == []
        assert opened_page.part("memory-empty").is_visible()
    assert nothing_sent(mock_backend)


def test_markup_is_shown_as_text(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-15: no field of any response becomes an element."""
    mock_backend.plan["/api/execute"] = reply(200, executed(message=MARKUP))
    mock_backend.plan["/api/memory"] = reply(200, snapshot(output=MARKUP, command=MARKUP))
    before = opened_page.page.locator("*").count()
    assert opened_page.run() == "APPROVED"
    assert opened_page.text("result-message") == MARKUP
    assert opened_page.text("memory-output") == MARKUP
    assert opened_page.text("memory-command") == MARKUP
    assert opened_page.page.locator("script").count() == 1
    assert opened_page.page.locator("main img, main b:not(#result-awaited)").count() == 0
    assert opened_page.page.locator("*").count() == before
    assert opened_page.page.title() == "Techno OS console"


def test_the_newest_command_wins(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-17: a late response to an older command is never shown."""
    released = threading.Event()

    def response(request: StandInRequest) -> Reply:
        old = request.json["command"] == "OLDER"
        status = "APPROVED" if old else "NEUTRAL"
        return reply(200, executed(status=status, trace_id="old" if old else "new"), released=released if old else None)

    mock_backend.plan["/api/execute"] = response
    opened_page.enter("OLDER")
    opened_page.enter("NEWER")
    opened_page.wait_until_complete()
    with opened_page.page.expect_response("**/api/execute") as late:
        released.set()
    late.value.finished()
    opened_page.page.wait_for_load_state("networkidle")
    assert (opened_page.text("result-status"), opened_page.text("result-trace-id")) == ("NEUTRAL", "new")


def test_an_older_response_does_not_end_the_wait_for_a_newer_one(
    opened_page: OpenedPage, mock_backend: PlannedBackend
) -> None:
    """CON-17: the older command's response comes first and is not shown."""
    released = threading.Event()

    def response(request: StandInRequest) -> Reply:
        return (
            reply(200, executed(trace_id="new"), released=released) if request.json["command"] == "NEWER" else Reply()
        )

    mock_backend.plan["/api/execute"] = response
    with opened_page.page.expect_event("requestfailed"):
        opened_page.enter("OLDER")
        opened_page.enter("NEWER")
    assert opened_page.part("result").get_attribute("aria-busy") == "true"
    released.set()
    opened_page.wait_until_complete()
    assert opened_page.text("result-trace-id") == "new"


def test_the_newest_reading_wins(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-17: only the newest reading of the audit trail and of the memory is shown."""
    released = threading.Event()
    mock_backend.plan["/api/audit"] = reply(200, [entry(trace_id="old")], released=released)
    mock_backend.plan["/api/memory"] = reply(200, snapshot(output="old"), released=released)
    with opened_page.page.expect_request("**/api/memory"), opened_page.page.expect_request("**/api/audit*"):
        opened_page.part("audit-refresh").click()
        opened_page.part("memory-refresh").click()
    wait_for(opened_page, mock_backend, 2)
    mock_backend.plan["/api/audit"] = reply(200, [entry(trace_id="new")])
    mock_backend.plan["/api/memory"] = reply(200, snapshot(output="new"))
    opened_page.part("audit-refresh").click()
    opened_page.part("memory-refresh").click()
    opened_page.wait_until_complete()
    with opened_page.page.expect_event("requestfinished"):
        released.set()
    opened_page.page.wait_for_load_state("networkidle")
    assert [row["trace_id"] for row in opened_page.rows()] == ["new"]
    assert opened_page.text("memory-output") == "new"


def wait_for(opened_page: OpenedPage, mock_backend: PlannedBackend, count: int) -> None:
    """Let the browser run until the stand-in has received a number of requests."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if len(mock_backend.received) >= count:
            return
        opened_page.page.wait_for_timeout(10)
    pytest.fail(f"{len(mock_backend.received)} of {count} requests came")


def test_the_audit_trail_is_shown_as_it_is(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-10: every field of every entry is shown, in the backend's order; an absent field is empty."""
    rows = [entry(trace_id=f"t-{n}", execution_id="exec_1", state="NEUTRAL") for n in range(3)]
    mock_backend.plan["/api/audit"] = reply(200, [*rows, entry(trace_id=...)])
    opened_page.part("audit-refresh").click()
    opened_page.wait_until_complete()
    assert opened_page.rows() == [*rows, {**entry(), "trace_id": "", "execution_id": ""}]
    assert opened_page.part("audit-empty").is_hidden()


def test_the_filter_reads_at_once_and_the_limit_does_not(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-10: each choice sends one request; a new limit waits for Refresh or Enter."""
    opened_page.part("audit-filter").select_option("BLOCKED")
    opened_page.wait_until_complete()
    opened_page.part("audit-limit").fill("7")
    opened_page.part("audit-limit").blur()
    opened_page.part("audit-refresh").click()
    opened_page.wait_until_complete()
    opened_page.part("audit-limit").fill("9")
    opened_page.part("audit-limit").press("Enter")
    opened_page.wait_until_complete()
    queries = [request.target.partition("?")[2] for request in mock_backend.received]
    assert queries == ["filter=BLOCKED&limit=50", "filter=BLOCKED&limit=7", "filter=BLOCKED&limit=9"]


@pytest.mark.parametrize("limit", ["", "0", "1001", "-1", "1.5"])
def test_a_limit_outside_the_contract_is_not_sent(
    opened_page: OpenedPage, mock_backend: PlannedBackend, limit: str
) -> None:
    """CON-10: the field is marked and the list stays."""
    opened_page.part("audit-limit").fill(limit)
    opened_page.part("audit-refresh").click()
    expect(opened_page.page.get_by_text("The limit is a whole number from 1 to 1000.")).to_be_visible(
        timeout=WAIT_S * 1000
    )
    assert nothing_sent(mock_backend)
    assert len(opened_page.rows()) == 1


@pytest.mark.parametrize("said", [reply(503, refused()), reply(200, refused()), reply(200, {"entries": []}), Reply()])
def test_a_failing_audit_has_one_fallback(opened_page: OpenedPage, mock_backend: PlannedBackend, said: Reply) -> None:
    """CON-10: requested once with the same query; when it fails too the list is empty and the rest works."""
    mock_backend.plan["/api/audit"] = said
    opened_page.part("audit-refresh").click()
    opened_page.wait_until_complete()
    assert [row["trace_id"] for row in opened_page.rows()] == ["fall-1"]
    mock_backend.plan["/api/diagnostic/metrics"] = said
    opened_page.part("audit-refresh").click()
    opened_page.wait_until_complete()
    assert opened_page.rows() == []
    assert "could not be read" in opened_page.text("audit-empty")
    assert [request.target.partition("?")[2] for request in mock_backend.received] == ["filter=all&limit=50"] * 4
    assert opened_page.run() == "APPROVED"


def test_an_empty_trail_is_shown_as_such(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-10: an empty list is shown differently from an unread one."""
    mock_backend.plan["/api/audit"] = reply(200, [])
    opened_page.part("audit-refresh").click()
    opened_page.wait_until_complete()
    assert opened_page.text("audit-empty") == "The audit trail is empty."
    assert opened_page.part("audit-table").is_hidden()


@pytest.mark.parametrize("said", [reply(204), reply(200, refused()), reply(500, refused()), Reply(then="reset")])
def test_no_snapshot_is_no_error(opened_page: OpenedPage, mock_backend: PlannedBackend, said: Reply) -> None:
    """CON-11: without a snapshot no older text stays, and the page works."""
    assert opened_page.text("memory-output") == "all is well"
    mock_backend.plan["/api/memory"] = said
    opened_page.part("memory-refresh").click()
    opened_page.wait_until_complete()
    assert opened_page.part("memory-empty").is_visible()
    for name in ["memory-command", "memory-output", "memory-status", "memory-timestamp"]:
        assert opened_page.text(name) == ""
    assert opened_page.run() == "APPROVED"


def test_the_snapshot_is_shown_as_it_is(opened_page: OpenedPage) -> None:
    """CON-11: the page shows command, output, status and time."""
    shown = {name: opened_page.text(f"memory-{name}") for name in ["command", "output", "timestamp", "status"]}
    assert shown == snapshot()
    assert opened_page.part("memory-empty").is_hidden()


def test_a_command_is_followed_by_one_reading_of_each(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-09: the page sends one POST, then reads the audit trail and the memory once; also after a failure."""
    for planned in [reply(200, executed()), reply(500, refused())]:
        mock_backend.received.clear()
        mock_backend.plan["/api/execute"] = planned
        opened_page.run()
        assert mock_backend.received[0].path == "/api/execute"
        assert sorted(request.path for request in mock_backend.received[1:]) == READS


def test_the_key_is_nowhere_in_the_page(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-12: the page does not hold the key, even when a response repeats it."""
    mock_backend.plan["/api/execute"] = reply(200, executed(message=f"Your key is {KEY}."))
    mock_backend.plan["/api/memory"] = reply(200, snapshot(output=KEY))
    assert opened_page.run() == "APPROVED"
    assert opened_page.text("result-message") == "Your key is [hidden]."
    assert not opened_page.holds_key()


def test_the_page_writes_nothing_to_the_browsers_console(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-12: ordinary use writes no message, error or policy violation."""
    for status in STATUSES:
        mock_backend.plan["/api/execute"] = reply(200, executed(status=status, reason_codes=["A"]))
        opened_page.run()
    opened_page.part("audit-filter").select_option("WARNING")
    opened_page.wait_until_complete()
    assert opened_page.written == []


def test_nothing_comes_from_a_cache(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-19: each reading is a new request, whatever caching the backend allows."""
    keep = {
        "Cache-Control": "public, max-age=3600, immutable",
        "ETag": '"1"',
        "Expires": "Fri, 01 Jan 2100 00:00:00 GMT",
    }
    for round_ in ["one", "two"]:
        mock_backend.plan = {
            "/api/execute": reply(200, executed(trace_id=round_), headers=keep),
            "/api/audit": reply(200, [entry(trace_id=round_)], headers=keep),
            "/api/memory": reply(200, snapshot(output=round_), headers=keep),
        }
        opened_page.run()
        shown = [
            opened_page.text("result-trace-id"),
            opened_page.rows()[0]["trace_id"],
            opened_page.text("memory-output"),
        ]
        assert shown == [round_] * 3


def test_the_page_works_by_keyboard_alone(opened_page: OpenedPage, mock_backend: PlannedBackend) -> None:
    """CON-02: the command field has the focus, Enter sends, Tab reaches every control and the focus is visible."""
    opened_page.page.keyboard.type("STATUS")
    opened_page.page.keyboard.press("Enter")
    opened_page.wait_until_complete()
    assert opened_page.text("result-status") == "APPROVED"
    assert len(mock_backend.requests("/api/execute")) == 1
    reached = []
    for _ in range(8):
        focus = "() => [document.activeElement.dataset.testid, getComputedStyle(document.activeElement).outlineStyle]"
        name, outline = opened_page.page.evaluate(focus)
        assert outline == "solid", name
        reached.append(name)
        opened_page.page.keyboard.press("Tab")
    assert reached == [
        "command-input", "session-input", "command-run", "memory-refresh", "memory-output",
        "audit-filter", "audit-limit", "audit-refresh",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everything_fits_and_can_be_read(
    browser: Browser, served: tuple[PlannedBackend, str], mock_backend: PlannedBackend, width: int, scheme: Any
) -> None:
    """CON-18: nothing scrolls sideways, and every text has a contrast of 4.5, on a phone and a desktop."""
    long = "x" * 64
    rows = [entry(state=state, trace_id=long, action="A" * 60, execution_id="e" * 60,
                  result="FAILED" if state in {"BLOCKED", "EXPIRED"} else "SUCCESS") for state in STATUSES]  # fmt: skip
    mock_backend.plan["/api/audit"] = reply(200, rows)
    mock_backend.plan["/api/memory"] = reply(200, snapshot(output="y" * 500))
    with opened(browser, served[1], viewport={"width": width, "height": 800}, color_scheme=scheme) as opened_page:
        for status in STATUSES:
            content = executed(status=status, reason_codes=["R" * 70, "B"], message="m" * 200, trace_id=long)
            mock_backend.plan["/api/execute"] = reply(200, content)
            opened_page.run("A" * 32)
            assert opened_page.page.evaluate("document.documentElement.scrollWidth") <= width
            assert opened_page.page.evaluate(_LOW_CONTRAST) == []


_LOW_CONTRAST = """() => {
    const channels = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => {
        const [r, g, b] = rgb.map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const [r, g, b, a = 1] = channels(getComputedStyle(at).backgroundColor);
            if (a === 1) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.body.querySelectorAll("*")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
        if (!own || !element.checkVisibility()) continue;
        const [front, back] = [channels(getComputedStyle(element).color).slice(0, 3), behind(element)].map(light);
        const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
        if (ratio < 4.5) found.push([element.textContent, ratio]);
    }
    return found;
}"""


def test_every_control_has_a_name(opened_page: OpenedPage) -> None:
    """CON-02: each control and region has a name for screen readers."""
    page = opened_page.page
    for role, name in [
        ("textbox", "Command"), ("textbox", "Session id optional"), ("button", "Run"), ("combobox", "State"),
        ("spinbutton", "Limit"), ("button", "Refresh audit trail"), ("button", "Refresh memory"),
        ("region", "Result"), ("region", "Audit trail"), ("region", "Memory"), ("table", "Audit trail"),
    ]:  # fmt: skip
        assert page.get_by_role(role, name=name, exact=True).count() == 1, (role, name)  # type: ignore[arg-type]
    assert opened_page.part("result").get_attribute("aria-live") == "polite"
