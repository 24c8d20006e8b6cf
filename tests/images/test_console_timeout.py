"""The console's time limit in real time: the contract's 15 seconds, with everything that can stall stalled at once."""

from __future__ import annotations

import time

from tests.images.console_browser import chromium, opened
from tests.images.console_double import KEY, Double, Received, Reply, console, entry, executed, node, reply, snapshot

EARLIEST_S = 14.0
LATEST_S = 16.0
HEAD = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n"


def _stalled(request: Received) -> Reply:
    """Nothing at all for one command, the head and half a body for the others."""
    silent = request.json["command"] == "SILENCE"
    return Reply(raw=b"" if silent else HEAD + b'{"status": "APPROVED", ', then="hold")


def test_whatever_stalls_is_blocked_after_15_seconds() -> None:
    """CON-06: no sooner than 14 s, no later than 16 s; the fallback then has a limit of its own."""
    with Double() as double, node() as client:
        double.plan = {
            "/api/execute": _stalled,
            "/api/audit": Reply(raw=HEAD, then="hold"),
            "/api/diagnostic/metrics": reply(200, [entry()]),
            "/api/memory": Reply(raw=HEAD, then="hold"),
        }
        environment = {"NEXT_PUBLIC_API_URL": double.url, "NEXT_PUBLIC_API_KEY": KEY}
        with chromium() as browser, console(environment) as (url, _), opened(browser, url, reads_done=False) as view:
            settings = {"apiUrl": double.url, "apiKey": KEY}
            started = time.monotonic()
            calls = [
                client.start("executeCommand", "SILENCE", settings=settings),
                client.start("executeCommand", "HALF_A_BODY"),
                client.start("fetchAuditLog"),
                client.start("fetchMemory"),
            ]
            view.enter("HALF_A_BODY")
            pressed = time.monotonic()
            view.settle("result")
            shown_after = time.monotonic() - pressed
            found = [client.finish(call) for call in calls]
            took = time.monotonic() - started
            status, reasons = view.text("result-status"), view.reasons()

        assert EARLIEST_S <= shown_after <= LATEST_S
        assert (status, reasons) == ("BLOCKED", ["TIMEOUT"])
        assert EARLIEST_S <= took <= LATEST_S + 1  # the calls began before the page's, and were read after it
        assert [outcome["reason_codes"] for outcome in found[:2]] == [["TIMEOUT"], ["TIMEOUT"]]
        assert found[2:] == [[entry()], None]
        assert len(double.requests("/api/execute")) == 3

        double.plan = {"/api/execute": reply(200, executed()), "/api/memory": reply(200, snapshot())}
        assert client.call("executeCommand", "STATUS") == executed()
