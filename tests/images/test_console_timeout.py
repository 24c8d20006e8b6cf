"""The console's time limit in real time: the contract's 15 seconds, with all stalls at once."""

from __future__ import annotations

import pytest

from tests.images.console_browser import chromium, opened
from tests.images.console_mock_backend import (
    KEY,
    WAIT_S,
    PlannedBackend,
    Reply,
    console,
    entry,
    executed,
    node,
    reply,
    snapshot,
)
from tests.stand_in import StandInRequest

pytestmark = pytest.mark.slow

EARLIEST_S = 14.0
LATEST_S = 16.0
HEAD = (
    b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n"
    b"Content-Type: application/json\r\nContent-Length: 400\r\n\r\n"
)
#: What a machine that is busy makes late is not the console's: a bare timer of the limit, begun beside it, tells.
LIMIT_S = 15.0
#: Notes in the page how many seconds after the press its result is there, and when such a timer was over.
_WATCH = """(limit) => {
    const result = document.querySelector('[data-testid="result"]');
    let pressed = 0;
    const since = () => (performance.now() - pressed) / 1000;
    document.addEventListener("submit", () => {
        pressed = performance.now();
        setTimeout(() => { window.timerAfter = since(); }, limit * 1000);
    }, { capture: true, once: true });
    new MutationObserver(() => {
        if (pressed && result.getAttribute("aria-busy") === "false")
            window.shownAfter ??= since();
    }).observe(result, { attributes: true });
}"""
CALLS = [("executeCommand", "SILENCE"), ("executeCommand", "HALF_A_BODY"), ("fetchAuditLog",), ("fetchMemory",)]


def _stalled(request: StandInRequest) -> Reply:
    """Send nothing for one command, and the head and half a body for the others."""
    silent = request.json["command"] == "SILENCE"
    return Reply(raw=b"" if silent else HEAD + b'{"status": "APPROVED", ', then="hold")


def test_whatever_stalls_is_blocked_after_15_seconds() -> None:
    """CON-06: a stalled call ends between 14 s and 16 s; the fallback has a limit of its own."""
    with PlannedBackend() as mock_backend, node() as client:
        mock_backend.plan = {
            "/api/execute": _stalled,
            "/api/audit": Reply(raw=HEAD, then="hold"),
            "/api/diagnostic/metrics": reply(200, [entry()]),
            "/api/memory": Reply(raw=HEAD, then="hold"),
        }
        settings = {"apiUrl": mock_backend.url, "apiKey": KEY}
        environment = {"NEXT_PUBLIC_API_URL": mock_backend.url, "NEXT_PUBLIC_API_KEY": KEY}
        with (
            chromium() as browser,
            console(environment) as (url, _),
            opened(browser, url, reads_done=False) as opened_page,
        ):
            # The first request of a Node loads what it sends requests with.
            client.call("fetchMemory", settings={**settings, "apiUrl": f"{mock_backend.url}/first"})
            client.call("configurationProblem", settings=settings)
            calls = [*(client.start(*call) for call in CALLS), client.start("pause", LIMIT_S * 1000)]
            opened_page.page.evaluate(_WATCH, LIMIT_S)
            opened_page.enter("HALF_A_BODY")
            opened_page.wait_until_complete("result")
            opened_page.page.wait_for_function("window.timerAfter")
            shown_after, page_timer = opened_page.page.evaluate("[window.shownAfter, window.timerAfter]")
            status, reasons = opened_page.text("result-status"), opened_page.reasons()
            results = [client.finish(call) for call in calls]

        assert (status, reasons) == ("BLOCKED", ["TIMEOUT"])
        assert [outcome["reason_codes"] for outcome in results[:2]] == [["TIMEOUT"], ["TIMEOUT"]]
        assert results[2:4] == [[entry()], None]
        *executed_after, audit_after, memory_after, timer = (client.seconds[call] for call in calls)
        assert EARLIEST_S <= shown_after <= LATEST_S + (page_timer - LIMIT_S)
        for seconds in (*executed_after, memory_after):
            assert EARLIEST_S <= seconds <= LATEST_S + (timer - LIMIT_S)
        assert EARLIEST_S <= audit_after <= 2 * LATEST_S + (timer - LIMIT_S)
        assert len(mock_backend.requests("/api/execute")) == 3
        given_up = sorted(
            mock_backend.hung_up.get(timeout=WAIT_S) for _ in range(7)
        )  # the page's own reads are two of them
        assert given_up == ["/api/audit"] * 2 + ["/api/execute"] * 3 + ["/api/memory"] * 2

        mock_backend.plan = {"/api/execute": reply(200, executed()), "/api/memory": reply(200, snapshot())}
        assert client.call("executeCommand", "STATUS") == executed()
