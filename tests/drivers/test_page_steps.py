"""Pages that must be operated between their parts: logging in, tabs that are built when shown, dialogs, texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from technogate.drivers.console_driver import DriverError
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import ResponseTemplate, json_template
from technogate.target.page_use import PageStep, PageUse
from technogate.target.spec import Selectors
from tests.stand_in import StandIn, StandInRequest, http_response

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

TIME = "2025-01-01T00:00:00Z"
OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchDiagnosticMetrics": ("GET", "/api/diagnostic/metrics"),
    "fetchMemory": ("GET", "/api/memory"),
}
EXECUTED = {"status": "APPROVED", "ts_utc": TIME, "trace_id": "t-1", "reason_codes": []}
ENTRY = {"timestamp": TIME, "action": "PING", "result": "SUCCESS", "state": "APPROVED"}
SNAPSHOT = {"command": "PING", "output": "pong", "timestamp": TIME, "status": "APPROVED"}

FOLDER = Path(__file__).with_name("data") / "steps"

#: The pages by their paths. `navigation`: after a login, three panels behind links, built when a link is pressed;
#: the memory is one text. `dialog`: a question before a command, the browser's own (`?native`) or one of the page.
#: `bare`: without filter, limit, buttons to load and marks for what is empty. `words`: with a word of its own.
PAGES = {"/app": "navigation", "/ask": "dialog", "/bare": "bare", "/words": "words"}


def page_at(path: str, backend_url: str) -> str:
    """The page at a path, for a backend."""
    page = (FOLDER / f"{PAGES[path]}.html").read_text("utf-8")
    return page.replace("COMMON", (FOLDER / "common.js").read_text("utf-8").replace("API", json.dumps(backend_url)))


@pytest.fixture(scope="module")
def backend() -> Iterator[MockBackend]:
    """A backend that answers as it should."""
    defaults = {
        "executeCommand": Conforming(template=json_template(EXECUTED)).reply,
        "fetchAuditLog": Conforming(template=json_template([ENTRY])).reply,
        "fetchDiagnosticMetrics": Conforming(template=json_template([ENTRY])).reply,
        "fetchMemory": Conforming(template=json_template(SNAPSHOT)).reply,
    }
    with MockBackend(operations=OPERATIONS, defaults=defaults) as mock_backend:
        yield mock_backend


@pytest.fixture(scope="module")
def url(backend: MockBackend) -> Iterator[str]:
    """The address of a server of all pages."""

    def respond(request: StandInRequest) -> bytes:
        path = request.path.partition("?")[0]
        page = page_at(path, backend.base_url) if path in PAGES else ""
        return http_response(200, page.encode(), content_type="text/html; charset=utf-8")

    with StandIn(respond) as server:
        yield server.url


@pytest.fixture(scope="module", autouse=True)
def browser(url: str) -> Iterator[None]:
    """One browser for all tests here: drivers share one while any uses it."""
    with BrowserDriver(f"{url}/words"):
        yield


@pytest.fixture
def opened(backend: MockBackend, url: str) -> Iterator[BrowserDriver]:
    """The page behind a login, opened with its steps."""
    steps = (
        PageStep(where="console.steps[1]", action="fill", goal="#user", text="ann", before=("start",)),
        PageStep(where="console.steps[2]", action="fill", goal="#word", text="open-sesame", before=("start",)),
        PageStep(where="console.steps[3]", action="click", goal="#login button", before=("start",)),
    )
    backend.reset()
    with BrowserDriver(f"{url}/app", use=PageUse(url=f"{url}/app", steps=steps)) as driver:
        yield driver


def test_logs_in_and_learns_which_link_shows_which_area(opened: BrowserDriver, backend: MockBackend) -> None:
    """What is learnt is stated as lines of a target file; what a panel requests when it is shown is of no call."""
    assert opened.execute("PING").fields["status"] == "APPROVED"
    listed = opened.audit()
    assert [row["action"] for row in listed.rows] == ["PING"]
    lists = [request.started for request in backend.received("fetchAuditLog")]
    assert [at >= opened.read_since() for at in lists] == [False, True]
    assert opened.memory().fields == {"text": "PING: pong (APPROVED)\n\nReload", "status": "APPROVED"}
    assert opened.execute("PONG").fields["trace_id"] == "t-1"
    learnt = "\n".join(opened.learnt_steps())
    for moment, name in (("audit", "Activity"), ("memory", "Snapshot"), ("execute", "Commands")):
        assert f'before = "{moment}", click = "role=link[name=\\"{name}\\"s]"' in learnt
    notes = opened.notes()
    assert any("learnt" in note for note in notes)
    assert any("`memory_command`" in note for note in notes)
    assert opened.notes() == []


def test_an_area_without_a_status_word_is_no_snapshot(opened: BrowserDriver, backend: MockBackend) -> None:
    """A text that names no status says that there is none."""
    backend.script("fetchMemory", default=Conforming(template=ResponseTemplate(status=204, headers=())))
    assert opened.memory().fields == {"empty": "true"}


@pytest.mark.parametrize(
    ("query", "step"),
    [
        ("?native", PageStep(where="s", action="dialog", goal="accept", before=("execute",))),
        ("", PageStep(where="s", action="click", goal="#yes", after=("execute",))),
    ],
    ids=["native", "html"],
)
def test_a_dialog_is_answered_as_the_steps_say(backend: MockBackend, url: str, query: str, step: PageStep) -> None:
    """With its step the command is sent, once; without it nothing is, and a note says what would help."""
    page = f"{url}/ask{query}"
    backend.reset()
    with BrowserDriver(page, use=PageUse(url=page, steps=(step,))) as driver:
        assert driver.execute("PING").fields["status"] == "APPROVED"
        assert driver.execute("PONG").fields["status"] == "APPROVED"
    assert len(backend.received("executeCommand")) == 2


def test_an_unanswered_dialog_is_dismissed_and_noted(backend: MockBackend, url: str) -> None:
    """Nothing is accepted that nobody said is to be."""
    backend.reset()
    with BrowserDriver(f"{url}/ask?native") as driver:
        driver.start_execute("PING")
        assert any('dialog = "accept"' in note for note in driver.notes())
    assert backend.received("executeCommand") == []


def test_a_bare_page_is_loaded_anew_and_read_as_it_is(backend: MockBackend, url: str) -> None:
    """Default query alone, the page itself for its buttons, no rows for an empty list; each is noted."""
    backend.reset()
    with BrowserDriver(f"{url}/bare") as driver:
        listed = driver.audit("BLOCKED", 10)
        assert [row["state"] for row in listed.rows] == ["APPROVED"]
        backend.script("fetchAuditLog", default=Conforming(template=json_template([])))
        assert driver.audit().fields == {"empty": "true"}
        assert driver.memory().fields["status"] == "APPROVED"
        assert driver.loads_with_page("audit")
        notes = "\n".join(driver.notes())
    for part in ("audit_filter", "audit_limit", "audit_refresh", "audit_empty", "memory_refresh"):
        assert f"`{part}`" in notes


def test_a_part_that_the_file_names_wrongly_is_an_error(url: str) -> None:
    """What is named and not there is a mistake of the target file, not a lack of the page."""
    use = PageUse(url=f"{url}/bare", selectors=Selectors(audit_filter="#nowhere"))
    with (
        BrowserDriver(use.url, use=use) as driver,
        pytest.raises(DriverError, match=r"correct console\.selectors\.audit_filter"),
    ):
        driver.audit("BLOCKED")


def test_reads_the_words_of_the_page(url: str) -> None:
    """Its own word for a status is the contract's, and what is shown meanwhile is translated as well."""
    use = PageUse(url=f"{url}/words", words=(("Aprovado", "APPROVED"),))
    with BrowserDriver(use.url, use=use) as driver:
        assert driver.execute("PING").fields["status"] == "APPROVED"
        assert driver.watch().status == "APPROVED"


#: A page behind a form that is served until a cookie shows that somebody has logged in.
LOGIN = b"""<form method="post" action="/in"><input id="user" name="user"><button id="enter">Log in</button></form>"""
BEHIND = b'<input data-testid="command-input"><button data-testid="command-run">Run</button>'


def test_a_login_that_lasts_is_not_repeated() -> None:
    """The steps of a login are left out when the page is loaded again, and done again in a new context."""
    logins = []

    def respond(request: StandInRequest) -> bytes:
        if request.path == "/in":
            logins.append(request.path)
            return http_response(303, headers={"Location": "/", "Set-Cookie": "in=1; Path=/"})
        within = ("cookie", "in=1") in {(name.lower(), value) for name, value in request.headers}
        return http_response(200, BEHIND if within else LOGIN, content_type="text/html")

    steps = (
        PageStep(where="console.steps[1]", action="fill", goal="#user", text="ann", before=("start",)),
        PageStep(where="console.steps[2]", action="click", goal="#enter", before=("start",)),
    )
    with StandIn(respond) as server, BrowserDriver(server.url, use=PageUse(url=server.url, steps=steps)) as driver:
        driver.reload()
        driver.reload()
        assert len(logins) == 1
        driver.restart()
        assert len(logins) == 2
        assert {"command", "run"} <= driver.parts()


def test_a_step_without_its_element_is_named(url: str) -> None:
    """The place in the target file is in the message."""
    step = PageStep(where="console.steps[1]", action="click", goal="#nothing-here", before=("start",))
    with pytest.raises(DriverError, match=r"nothing to click at #nothing-here: correct console\.steps\[1\]\.click"):
        BrowserDriver(f"{url}/bare", use=PageUse(url=f"{url}/bare", steps=(step,)))
