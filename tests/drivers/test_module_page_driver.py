"""A client module in a real browser, on a page of the gate: what it is called with, and what it leaves there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.module.module_page_driver import ModulePageDriver
from technogate.drivers.page.chromium import browser_missing
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.cached import KEEP_FOR_A_YEAR, Cached
from technogate.mock.responses.conforming import Conforming
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Reply, json_template
from technogate.util.shipped import shipped
from tests.drivers.module_programs import ALL, COMMONJS, FUNCTIONS, need_esbuild, written

pytestmark = pytest.mark.slow

KEY = "key-of-the-tests-0001"
OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchMemory": ("GET", "/api/memory"),
}

#: An axios of its own: XMLHttpRequest exists in browsers alone.
XHR = """
module.exports = (method, url, body) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  request.open(method, url);
  request.onload = () => resolve(JSON.parse(request.responseText));
  request.onerror = () => reject(new Error("no response"));
  request.send(body);
});
"""

#: What it does is told by the command.
ODD = f"""{COMMONJS}
localStorage.setItem("opened", "yes");
const SPECIAL = {{
  STORE: () => {{
    sessionStorage.setItem("key", process.env.NEXT_PUBLIC_API_KEY);
    document.cookie = "seen=1";
    document.body.append("written");
    console.log("told");
    return {{ status: "NEUTRAL", message: localStorage.getItem("opened") }};
  }},
  GLOBALS: () => ({{ status: String(globalThis.process.versions), message: import.meta.env.VITE_NAME }}),
  THROW: () => {{ throw new TypeError("no luck"); }},
  LEAVE: () => {{ location.href = "about:blank"; return new Promise(() => {{}}); }},
  ELSEWHERE: async () => {{
    await fetch("OTHER/collect", {{ method: "POST", body: new Blob(["told to others"]) }});
    return {{ status: "NEUTRAL" }};
  }},
}};
const api = {{ ...{ALL}, executeCommand: (command) => SPECIAL[command]?.() ?? executeCommand(command) }};
export default api;
"""


def _default() -> Reply:
    return Conforming(template=json_template({"status": "APPROVED"})).reply()


@pytest.fixture(scope="module")
def running() -> Iterator[MockBackend]:
    """One mock backend for all tests of this module, which need a browser and a bundler."""
    reason, hint = browser_missing()
    if reason:
        pytest.skip(f"{reason}: {hint}")
    need_esbuild()
    with MockBackend(operations=OPERATIONS, defaults=dict.fromkeys(OPERATIONS, _default)) as mock_backend:
        yield mock_backend


@pytest.fixture
def mock_backend(running: MockBackend) -> MockBackend:
    """The mock backend, reset."""
    running.reset()
    return running


@pytest.fixture(scope="module")
def odd(running: MockBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModulePageDriver]:
    """The odd module, with the mock backend as its backend."""
    text = ODD.replace("OTHER", running.other_origin)
    module = written(tmp_path_factory.mktemp("odd"), {"api.js": text, "package.json": '{"type": "module"}'})
    env = {"NEXT_PUBLIC_API_KEY": KEY, "VITE_NAME": "of Vite", "PATH": "/bin"}
    with ModulePageDriver(module, env=env, base=running.base_url) as driver:
        yield driver


def test_the_references_client_is_called_in_a_page(mock_backend: MockBackend, tmp_path: Path) -> None:
    """It takes its settings from the environment; requests come from an origin of the gate's own, across to another."""
    module = tmp_path / "client.js"
    shutil.copy(shipped("images", "console", "static", "client.js"), module)
    env = {"NEXT_PUBLIC_API_URL": mock_backend.base_url, "NEXT_PUBLIC_API_KEY": KEY}
    with ModulePageDriver(module, env=env, base=mock_backend.base_url) as driver:
        rendered = driver.execute("PING")
        assert (rendered.call, rendered.driver, rendered.fields["status"]) == (
            "executeCommand",
            "module-browser",
            "BLOCKED",  # the mock backend's short answer has no trace id
        )
        driver.audit("BLOCKED", 7)
        assert driver.memory().fields == {"empty": "true"}
        sent = driver.outgoing()
        assert not driver.relative
    received = mock_backend.received()
    assert [request.target for request in received][:2] == ["/api/execute", "/api/audit?filter=BLOCKED&limit=7"]
    assert received[0].header("X-API-Key") == KEY
    assert (received[0].header("Origin") or "").startswith("http://127.0.0.1:")
    assert {request.url.partition("?")[0] for request in sent} >= {f"{mock_backend.base_url}/api/execute"}


def test_a_browser_alone_has_xmlhttprequest_and_a_cache(mock_backend: MockBackend, tmp_path: Path) -> None:
    """A package that needs XMLHttpRequest runs, and what it does not ask the backend comes from the browser's cache."""
    module = written(
        tmp_path,
        {
            "api.js": """
                import request from "tiny-xhr";
                export const executeCommand = (command) => request("POST", "/api/execute", JSON.stringify({ command }));
                export const fetchAuditLog = () => request("GET", "/api/audit");
                export const fetchMemory = () => request("GET", "/api/memory");
            """,
            "package.json": '{"type": "module"}',
            "node_modules/tiny-xhr/package.json": '{"name": "tiny-xhr", "main": "index.js"}',
            "node_modules/tiny-xhr/index.js": XHR,
        },
    )
    kept = Cached(template=json_template({"command": "FIRST"}), headers=KEEP_FOR_A_YEAR)
    with ModulePageDriver(module, env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields == {"status": "APPROVED"}
        mock_backend.script("fetchMemory", kept)
        assert [driver.memory().fields["command"] for _ in range(2)] == ["FIRST", "FIRST"]
    assert len(mock_backend.received("fetchMemory")) == 1


def test_what_a_module_leaves_in_its_page_is_exposed(odd: ModulePageDriver) -> None:
    """Storage, cookies, the page and its console output, and none of what the page itself consists of."""
    assert odd.execute("STORE").fields == {"status": "NEUTRAL", "message": "yes"}
    exposure = odd.inspect()
    assert exposure.storage == {"localStorage:opened": "yes", "sessionStorage:key": KEY}
    assert exposure.cookies == ("seen=1",)
    assert "written" in exposure.text
    assert "told" in exposure.lines
    assert KEY not in exposure.html
    assert not [url for url in exposure.urls if url.endswith(".mjs")]


def test_settings_are_those_of_a_build_for_browsers(odd: ModulePageDriver) -> None:
    """`process.env` and `import.meta.env` have the console's variables, and nothing else says that this is Node."""
    assert odd.execute("GLOBALS").fields == {"status": "undefined", "message": "of Vite"}
    assert odd.execute("THROW").fields == {"error": "threw TypeError: no luck"}


def test_requests_to_another_place_are_listed_with_their_body(odd: ModulePageDriver, mock_backend: MockBackend) -> None:
    """What a page sends as Blob is listed too."""
    odd.execute("ELSEWHERE")
    bodies = [sent.body for sent in odd.outgoing() if sent.url == f"{mock_backend.other_origin}/collect"]
    assert b"told to others" in bodies


def test_calls_overlap(odd: ModulePageDriver, mock_backend: MockBackend) -> None:
    """A call under way keeps no other from being made, and each gets its own result."""
    replies = [Held(template=json_template({"status": "NEUTRAL", "trace_id": str(n)}), name="all") for n in range(3)]
    mock_backend.script("executeCommand", *replies)
    for number in range(3):
        assert odd.start_execute(f"NUMBER_{number}")
        mock_backend.wait_for("executeCommand", number + 1)
    assert odd.returned_within(0.05) is None
    mock_backend.release("all")
    assert odd.result().fields["trace_id"] == "2"
    odd.wait_until_complete()


def test_a_module_that_leaves_its_page_has_ended(odd: ModulePageDriver) -> None:
    """It ends the call under way; after a restart the module works again."""
    odd.start_execute("LEAVE")
    with pytest.raises(ConsoleEnded, match="the client module left its page for another document"):
        odd.result()
    odd.restart()
    assert odd.execute("PING").fields == {"status": "APPROVED"}


@pytest.mark.parametrize("start", ['"/api', 'location.origin + "/api', 'window.location.href + "api'])
def test_relative_addresses_lead_to_the_base(start: str, mock_backend: MockBackend, tmp_path: Path) -> None:
    """A module that is served beside its backend has no address of it, or that of its page."""
    module = written(tmp_path, {"api.mjs": FUNCTIONS.replace('"/api', start)})
    with ModulePageDriver(module, env={}, base=mock_backend.base_url) as driver:
        assert driver.execute("PING").fields == {"status": "APPROVED"}
        assert driver.relative


def test_a_module_that_does_not_load_is_one_line(running: MockBackend, tmp_path: Path) -> None:
    """What is missing is named as in Node, and so is an error at its top level."""
    lacking = written(tmp_path, {"lacking.mjs": "export const fetchMemory = () => null;"})
    with pytest.raises(DriverError, match=r"does not export executeCommand, fetchAuditLog; it exports fetchMemory"):
        ModulePageDriver(lacking, env={}, base=running.base_url)
    broken = written(tmp_path, {"broken.mjs": "document.nothing.at.all;"})
    with pytest.raises(DriverError, match=r"broken\.mjs does not load: TypeError: .* \(in a browser\)"):
        ModulePageDriver(broken, env={}, base=running.base_url)
