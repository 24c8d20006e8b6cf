"""Pages that hang: an endless script, endless dialogs, endless navigation; each ends in time, by its own act."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from technogate.drivers.console_driver import ConsoleEnded, DriverError
from technogate.drivers.page import hanging_page
from technogate.drivers.page.chromium import browser_missing
from technogate.drivers.page.page_driver import BrowserDriver
from technogate.target.spec import Selectors
from tests.stand_in import StandIn, StandInRequest, http_response

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing())),
]

SELECTORS = Selectors(command="#command", run="#run", result="#result", status="#status")

PAGE = """<!doctype html><meta charset="utf-8"><title>c</title><link rel="icon" href="data:,">
<form><input id="command"><button id="run">Run</button></form><div id="result"><b id="status"></b></div>
<script>
  %s
  document.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const command = document.querySelector("#command").value;
    if (command === "LOOP") while (true);
    if (command === "ALERTS") while (true) alert("again");
    if (command === "CONFIRMS") while (true) confirm("again");
    document.querySelector("#status").textContent = "APPROVED";
  });
</script>"""

Start = Callable[[str], BrowserDriver]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start drivers of such a page with a script of its own, and with little patience."""
    monkeypatch.setattr(hanging_page, "PATIENCE_S", 0.5)
    monkeypatch.setattr(hanging_page, "SILENCE_S", 2.0)
    monkeypatch.setattr(hanging_page, "LOOK_S", 0.2)
    ended: list[Callable[[], None]] = []

    def begin(script: str = "") -> BrowserDriver:
        def page(_: StandInRequest) -> bytes:
            return http_response(200, (PAGE % script).encode(), content_type="text/html")

        server = StandIn(page)
        ended.append(server.close)
        driver = BrowserDriver(server.url, selectors=SELECTORS, limit_s=5.0)
        ended.append(driver.close)
        return driver

    yield begin
    for end in reversed(ended):
        end()


@pytest.mark.sabotage("the page hangs at a command: an endless script, endless alerts, endless questions")
def test_a_page_that_hangs_is_closed_and_opened_anew(start: Start) -> None:
    """The call ends with the page's own end, and the next one is made in a page that works."""
    driver = start("")
    for command in ("LOOP", "ALERTS", "CONFIRMS"):
        with pytest.raises(ConsoleEnded, match="the page did not respond: its script does not end"):
            driver.execute(command)
        driver.restart()
        assert driver.execute("PING").fields["status"] == "APPROVED"


@pytest.mark.sabotage("the page hangs as soon as it is loaded, or loads itself anew for ever")
@pytest.mark.parametrize(
    "script",
    ["while (true);", "location.reload();"],
    ids=["loop", "reloads"],
)
def test_a_page_that_is_never_there_is_one_error(start: Start, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no driver of it, and that is known in time."""
    monkeypatch.setattr("technogate.drivers.page.console_page.LOAD_S", 5.0)
    monkeypatch.setattr("technogate.drivers.page.console_page.PART_S", 5.0)
    with pytest.raises(DriverError):
        start(script).execute("PING")


@pytest.mark.sabotage("the page keeps its thread busy for a while, and is no page that hangs")
def test_a_page_that_is_slow_is_left_alone(start: Start) -> None:
    """It gives a sign of life within the time."""
    driver = start("setTimeout(() => { const until = Date.now() + 1500; while (Date.now() < until); }, 0);")
    assert driver.execute("PING").fields["status"] == "APPROVED"
