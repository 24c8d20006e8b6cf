"""The console's page in a real browser: what a person sees, and what the page sends for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.images.console_browser import View, chromium, nothing_sent, opened
from tests.images.console_double import (
    KEY,
    NOW,
    WAIT_S,
    Double,
    Received,
    Reply,
    console,
    entry,
    executed,
    refused,
    reply,
    snapshot,
)

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
def served() -> Iterator[tuple[Double, str]]:
    """One stand-in for the backend, and a console configured for it."""
    with Double() as double, console({"NEXT_PUBLIC_API_URL": double.url, "NEXT_PUBLIC_API_KEY": KEY}) as (url, _):
        yield double, url


@pytest.fixture
def double(served: tuple[Double, str]) -> Double:
    """The stand-in, answering everything well."""
    served[0].forget()
    served[0].plan = {
        "/api/execute": reply(200, executed()),
        "/api/audit": reply(200, [entry()]),
        "/api/diagnostic/metrics": reply(200, [entry(trace_id="fall-1")]),
        "/api/memory": reply(200, snapshot()),
    }
    return served[0]


@pytest.fixture
def view(browser: Browser, served: tuple[Double, str], double: Double) -> Iterator[View]:
    """The page, opened, with its first reads done and forgotten."""
    with opened(browser, served[1]) as page:
        assert sorted(request.path for request in double.received) == READS
        double.received.clear()
        yield page


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_is_shown_with_its_fields(view: View, double: Double, status: str) -> None:
    """CON-02, CON-18: status, trace id, reasons, message and time stand on the page, word for word."""
    double.plan["/api/execute"] = reply(
        200, executed(status=status, reason_codes=["RATE_LIMITED", "Other_2"], message="Look here.", trace_id="t-77")
    )
    assert view.run() == status
    assert view.part("result").get_attribute("data-status") == status
    assert view.text("result-trace-id") == "t-77"
    assert view.text("result-message") == "Look here."
    assert view.text("result-time") == NOW
    assert view.reasons() == ["RATE_LIMITED", "Other_2"]
    if status != "APPROVED":
        assert "approved" not in (view.part("result").inner_text()).lower()


def test_what_is_absent_is_hidden(view: View, double: Double) -> None:
    """CON-02: without reasons, message or execution nothing of an older answer stays."""
    double.plan["/api/execute"] = reply(
        200, executed(status="WARNING", reason_codes=["A"], message="Old.", execution_id="e_1")
    )
    view.run()
    double.plan["/api/execute"] = reply(200, executed())
    assert view.run() == "APPROVED"
    assert view.part("result-message").get_attribute("hidden") is not None
    assert view.part("result-reasons").get_attribute("hidden") is not None
    assert view.reasons() == []
    assert "e_1" not in view.part("result").inner_text()


def test_while_an_answer_is_due_the_last_one_is_gone(view: View, double: Double) -> None:
    """CON-17: pressing Run marks the result busy at once and takes the old one away."""
    assert view.run() == "APPROVED"
    gate = threading.Event()
    double.plan["/api/execute"] = reply(200, executed(status="NEUTRAL"), gate=gate)
    busy = view.page.evaluate(
        """() => {
            document.querySelector('[data-testid="command-run"]').click();
            const result = document.querySelector('[data-testid="result"]');
            return [result.getAttribute("aria-busy"), result.dataset.status, result.innerText.includes("APPROVED")];
        }"""
    )
    assert busy == ["true", "pending", False]
    assert view.part("command-run").is_enabled()
    gate.set()
    view.settle()
    assert view.text("result-status") == "NEUTRAL"


@pytest.mark.parametrize(("http", "said"), [(400, executed()), (401, executed()), (403, refused()), (500, executed())])
def test_an_error_is_blocked_in_words(view: View, double: Double, http: int, said: object) -> None:
    """CON-04, CON-05: whatever the body says; 401 and 403 have a sentence of their own."""
    double.plan["/api/execute"] = reply(http, said)
    assert view.run() == "BLOCKED"
    assert (view.text("result-message") == "Autenticacao falhou") == (http in {401, 403})


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
def test_what_is_no_conforming_answer_is_blocked(view: View, double: Double, said: Reply) -> None:
    """CON-03, CON-07, CON-08, CON-09, CON-16: BLOCKED after one POST, and the next answer is shown as it is."""
    double.plan["/api/execute"] = said
    assert view.run() == "BLOCKED"
    assert len(view.reasons()) == 1
    assert view.text("result-message") != ""
    assert len(double.requests("/api/execute")) == 1
    double.plan["/api/execute"] = reply(200, executed())
    assert view.run() == "APPROVED"


@pytest.mark.parametrize("http", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(view: View, double: Double, http: int) -> None:
    """CON-14: the POST is not repeated and the key goes nowhere else."""
    with Double() as other:
        other.plan["/api/execute"] = reply(200, executed())
        double.plan["/api/execute"] = reply(http, executed(), headers={"Location": f"{other.url}/api/execute"})
        assert view.run() == "BLOCKED"
        assert nothing_sent(other)
    assert len(double.requests("/api/execute")) == 1


def test_every_request_carries_the_key_in_its_header_alone(view: View, double: Double) -> None:
    """CON-01: also after a command, when the page reads on its own."""
    double.plan["/api/audit"] = reply(500, refused())
    view.run()
    assert len(double.received) == 4
    for request in double.received:
        assert request.headers["x-api-key"] == KEY
        assert KEY not in request.target
        assert not {"authorization", "cookie", "referer"} & set(request.headers)


def test_a_session_id_is_sent_when_there_is_one(view: View, double: Double) -> None:
    """CON-09: by its name in the contract, and not at all when the field is empty."""
    view.enter("STATUS", "s-1")
    view.settle()
    view.run()
    bodies = [request.json for request in double.requests("/api/execute")]
    assert bodies == [{"command": "STATUS", "session_id": "s-1"}, {"command": "STATUS"}]


@pytest.mark.parametrize(
    ("command", "session"), [("", ""), ("ab", ""), ("STATUS 1", ""), (MARKUP, ""), ("STATUS", "x" * 129)]
)
def test_what_breaks_the_pattern_is_never_sent(view: View, double: Double, command: str, session: str) -> None:
    """CON-13: BLOCKED is shown and nothing is sent, the automatic reads included."""
    view.enter(command, session)
    view.settle()
    assert view.text("result-status") == "BLOCKED"
    assert view.reasons() == ["VALIDATION_FAILED"]
    assert nothing_sent(double)


@pytest.mark.parametrize(
    "environment",
    [{}, {"NEXT_PUBLIC_API_KEY": KEY}, {"NEXT_PUBLIC_API_URL": "URL"}, {"NEXT_PUBLIC_API_URL": "backend"}],
)
def test_without_a_configuration_nothing_is_sent(browser: Browser, double: Double, environment: dict[str, str]) -> None:
    """CON-20: BLOCKED, and the page says what is missing."""
    with (
        console({name: value.replace("URL", double.url) for name, value in environment.items()}) as (url, _),
        opened(browser, url) as view,
    ):
        assert view.run() == "BLOCKED"
        assert "nothing is sent" in view.page.locator("#problem").inner_text()
        assert view.rows() == []
        assert view.part("memory-empty").is_visible()
    assert nothing_sent(double)


def test_markup_is_shown_as_text(view: View, double: Double) -> None:
    """CON-15: no field of any answer becomes an element."""
    double.plan["/api/execute"] = reply(200, executed(message=MARKUP))
    double.plan["/api/memory"] = reply(200, snapshot(output=MARKUP, command=MARKUP))
    before = view.page.locator("*").count()
    assert view.run() == "APPROVED"
    assert view.text("result-message") == MARKUP
    assert view.text("memory-output") == MARKUP
    assert view.text("memory-command") == MARKUP
    assert view.page.locator("script").count() == 1
    assert view.page.locator("main img, main b:not(#result-awaited)").count() == 0
    assert view.page.locator("*").count() == before
    assert view.page.title() == "Techno OS console"


def test_the_newest_command_wins(view: View, double: Double) -> None:
    """CON-17: a late answer to an older command is never shown."""
    gate = threading.Event()

    def answer(request: Received) -> Reply:
        old = request.json["command"] == "OLDER"
        status = "APPROVED" if old else "NEUTRAL"
        return reply(200, executed(status=status, trace_id="old" if old else "new"), gate=gate if old else None)

    double.plan["/api/execute"] = answer
    view.enter("OLDER")
    view.enter("NEWER")
    view.settle()
    with view.page.expect_response("**/api/execute") as late:
        gate.set()
    late.value.finished()
    view.page.wait_for_load_state("networkidle")
    assert (view.text("result-status"), view.text("result-trace-id")) == ("NEUTRAL", "new")


def test_an_older_answer_does_not_end_the_wait_for_a_newer_one(view: View, double: Double) -> None:
    """CON-17: the older command's answer comes first and is not shown either."""
    gate = threading.Event()

    def answer(request: Received) -> Reply:
        return reply(200, executed(trace_id="new"), gate=gate) if request.json["command"] == "NEWER" else Reply()

    double.plan["/api/execute"] = answer
    with view.page.expect_event("requestfailed"):
        view.enter("OLDER")
        view.enter("NEWER")
    assert view.part("result").get_attribute("aria-busy") == "true"
    gate.set()
    view.settle()
    assert view.text("result-trace-id") == "new"


def test_the_newest_reading_wins(view: View, double: Double) -> None:
    """CON-17: the same holds for the audit trail and the memory."""
    gate = threading.Event()
    double.plan["/api/audit"] = reply(200, [entry(trace_id="old")], gate=gate)
    double.plan["/api/memory"] = reply(200, snapshot(output="old"), gate=gate)
    with view.page.expect_request("**/api/memory"), view.page.expect_request("**/api/audit*"):
        view.part("audit-refresh").click()
        view.part("memory-refresh").click()
    wait_for(view, double, 2)
    double.plan["/api/audit"] = reply(200, [entry(trace_id="new")])
    double.plan["/api/memory"] = reply(200, snapshot(output="new"))
    view.part("audit-refresh").click()
    view.part("memory-refresh").click()
    view.settle()
    with view.page.expect_event("requestfinished"):
        gate.set()
    view.page.wait_for_load_state("networkidle")
    assert [row["trace_id"] for row in view.rows()] == ["new"]
    assert view.text("memory-output") == "new"


def wait_for(view: View, double: Double, count: int) -> None:
    """Let the browser go on until the stand-in has received so many requests."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        if len(double.received) >= count:
            return
        view.page.wait_for_timeout(10)
    pytest.fail(f"{len(double.received)} of {count} requests came")


def test_the_audit_trail_is_shown_as_it_is(view: View, double: Double) -> None:
    """CON-10: every field of every entry, in the backend's order; what is absent is empty."""
    rows = [entry(trace_id=f"t-{n}", execution_id="exec_1", state="NEUTRAL") for n in range(3)]
    double.plan["/api/audit"] = reply(200, [*rows, entry(trace_id=...)])
    view.part("audit-refresh").click()
    view.settle()
    assert view.rows() == [*rows, {**entry(), "trace_id": "", "execution_id": ""}]
    assert view.part("audit-empty").is_hidden()


def test_the_filter_reads_at_once_and_the_limit_does_not(view: View, double: Double) -> None:
    """CON-10: one request per choice; a new limit waits for Refresh or Enter."""
    view.part("audit-filter").select_option("BLOCKED")
    view.settle()
    view.part("audit-limit").fill("7")
    view.part("audit-limit").blur()
    view.part("audit-refresh").click()
    view.settle()
    view.part("audit-limit").fill("9")
    view.part("audit-limit").press("Enter")
    view.settle()
    queries = [request.target.partition("?")[2] for request in double.received]
    assert queries == ["filter=BLOCKED&limit=50", "filter=BLOCKED&limit=7", "filter=BLOCKED&limit=9"]


@pytest.mark.parametrize("limit", ["", "0", "1001", "-1", "1.5"])
def test_a_limit_outside_the_contract_is_not_sent(view: View, double: Double, limit: str) -> None:
    """CON-10: the field is marked and the list stays."""
    view.part("audit-limit").fill(limit)
    view.part("audit-refresh").click()
    expect(view.page.get_by_text("The limit is a whole number from 1 to 1000.")).to_be_visible(timeout=WAIT_S * 1000)
    assert nothing_sent(double)
    assert len(view.rows()) == 1


@pytest.mark.parametrize("said", [reply(503, refused()), reply(200, refused()), reply(200, {"entries": []}), Reply()])
def test_a_failing_audit_has_one_fallback(view: View, double: Double, said: Reply) -> None:
    """CON-10: asked once with the same query; when it fails too the list is empty and the rest works."""
    double.plan["/api/audit"] = said
    view.part("audit-refresh").click()
    view.settle()
    assert [row["trace_id"] for row in view.rows()] == ["fall-1"]
    double.plan["/api/diagnostic/metrics"] = said
    view.part("audit-refresh").click()
    view.settle()
    assert view.rows() == []
    assert "could not be read" in view.text("audit-empty")
    assert [request.target.partition("?")[2] for request in double.received] == ["filter=all&limit=50"] * 4
    assert view.run() == "APPROVED"


def test_an_empty_trail_says_so(view: View, double: Double) -> None:
    """CON-10: an empty list is not an unread one."""
    double.plan["/api/audit"] = reply(200, [])
    view.part("audit-refresh").click()
    view.settle()
    assert view.text("audit-empty") == "The audit trail is empty."
    assert view.part("audit-table").is_hidden()


@pytest.mark.parametrize("said", [reply(204), reply(200, refused()), reply(500, refused()), Reply(then="reset")])
def test_no_snapshot_is_no_error(view: View, double: Double, said: Reply) -> None:
    """CON-11: nothing of an older snapshot stays, and nothing else breaks."""
    assert view.text("memory-output") == "all is well"
    double.plan["/api/memory"] = said
    view.part("memory-refresh").click()
    view.settle()
    assert view.part("memory-empty").is_visible()
    for name in ["memory-command", "memory-output", "memory-status", "memory-timestamp"]:
        assert view.text(name) == ""
    assert view.run() == "APPROVED"


def test_the_snapshot_is_shown_as_it_is(view: View) -> None:
    """CON-11: command, output, status and time."""
    shown = {name: view.text(f"memory-{name}") for name in ["command", "output", "timestamp", "status"]}
    assert shown == snapshot()
    assert view.part("memory-empty").is_hidden()


def test_a_command_is_followed_by_one_reading_of_each(view: View, double: Double) -> None:
    """CON-09: one POST, then the audit trail and the memory once; the same after a failure."""
    for said in [reply(200, executed()), reply(500, refused())]:
        double.received.clear()
        double.plan["/api/execute"] = said
        view.run()
        assert double.received[0].path == "/api/execute"
        assert sorted(request.path for request in double.received[1:]) == READS


def test_the_key_is_nowhere_in_the_page(view: View, double: Double) -> None:
    """CON-12: not even when an answer repeats it."""
    double.plan["/api/execute"] = reply(200, executed(message=f"Your key is {KEY}."))
    double.plan["/api/memory"] = reply(200, snapshot(output=KEY))
    assert view.run() == "APPROVED"
    assert view.text("result-message") == "Your key is [hidden]."
    assert not view.holds_key()


def test_the_page_writes_nothing_to_the_browsers_console(view: View, double: Double) -> None:
    """CON-12: no message, no error, no violated policy in ordinary use."""
    for status in STATUSES:
        double.plan["/api/execute"] = reply(200, executed(status=status, reason_codes=["A"]))
        view.run()
    view.part("audit-filter").select_option("WARNING")
    view.settle()
    assert view.written == []


def test_nothing_comes_from_a_cache(view: View, double: Double) -> None:
    """CON-19: whatever the backend allows to be kept."""
    keep = {
        "Cache-Control": "public, max-age=3600, immutable",
        "ETag": '"1"',
        "Expires": "Fri, 01 Jan 2100 00:00:00 GMT",
    }
    for round_ in ["one", "two"]:
        double.plan = {
            "/api/execute": reply(200, executed(trace_id=round_), headers=keep),
            "/api/audit": reply(200, [entry(trace_id=round_)], headers=keep),
            "/api/memory": reply(200, snapshot(output=round_), headers=keep),
        }
        view.run()
        shown = [view.text("result-trace-id"), view.rows()[0]["trace_id"], view.text("memory-output")]
        assert shown == [round_] * 3


def test_the_page_works_by_keyboard_alone(view: View, double: Double) -> None:
    """CON-02: the command field has the focus, Enter sends, Tab reaches every control and the focus is visible."""
    view.page.keyboard.type("STATUS")
    view.page.keyboard.press("Enter")
    view.settle()
    assert view.text("result-status") == "APPROVED"
    assert len(double.requests("/api/execute")) == 1
    reached = []
    for _ in range(8):
        focus = "() => [document.activeElement.dataset.testid, getComputedStyle(document.activeElement).outlineStyle]"
        name, outline = view.page.evaluate(focus)
        assert outline == "solid", name
        reached.append(name)
        view.page.keyboard.press("Tab")
    assert reached == [
        "command-input", "session-input", "command-run", "memory-refresh", "memory-output",
        "audit-filter", "audit-limit", "audit-refresh",
    ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everything_fits_and_can_be_read(
    browser: Browser, served: tuple[Double, str], double: Double, width: int, scheme: Any
) -> None:
    """CON-18: no sideways scrolling, and a contrast of 4.5 or more for every text, on a telephone and a desk."""
    long = "x" * 64
    rows = [entry(state=state, trace_id=long, action="A" * 60, execution_id="e" * 60,
                  result="FAILED" if state in {"BLOCKED", "EXPIRED"} else "SUCCESS") for state in STATUSES]  # fmt: skip
    double.plan["/api/audit"] = reply(200, rows)
    double.plan["/api/memory"] = reply(200, snapshot(output="y" * 500))
    with opened(browser, served[1], viewport={"width": width, "height": 800}, color_scheme=scheme) as view:
        for status in STATUSES:
            said = executed(status=status, reason_codes=["R" * 70, "B"], message="m" * 200, trace_id=long)
            double.plan["/api/execute"] = reply(200, said)
            view.run("A" * 32)
            assert view.page.evaluate("document.documentElement.scrollWidth") <= width
            assert view.page.evaluate(_LOW_CONTRAST) == []


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


def test_every_control_has_a_name(view: View) -> None:
    """CON-02: what a screen reader says for each control and region."""
    page = view.page
    for role, name in [
        ("textbox", "Command"), ("textbox", "Session id optional"), ("button", "Run"), ("combobox", "State"),
        ("spinbutton", "Limit"), ("button", "Refresh audit trail"), ("button", "Refresh memory"),
        ("region", "Result"), ("region", "Audit trail"), ("region", "Memory"), ("table", "Audit trail"),
    ]:  # fmt: skip
        assert page.get_by_role(role, name=name, exact=True).count() == 1, (role, name)  # type: ignore[arg-type]
    assert view.part("result").get_attribute("aria-live") == "polite"
