"""CON-09: a command is sent exactly once, whatever becomes of it."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_requests import sent_times
from technogate.drivers.console_driver import ConsoleDriver
from technogate.generation.responses.framing import FramedResponse
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, Where
from technogate.model.events import RenderedOutput
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

FAILURES: dict[str, Callable[[Harness], Fault]] = {
    "approved": lambda harness: harness.conforming(),
    "blocked": lambda harness: harness.conforming(status=harness.blocked, reason_codes=[harness.reason]),
    "unknown status": lambda harness: harness.conforming(status="MAYBE"),
    "400": lambda harness: harness.error(400),
    "401": lambda harness: harness.error(401),
    "408": lambda harness: harness.error(408),
    "425": lambda harness: harness.error(425),
    "429": lambda harness: harness.error(429),
    "500": lambda harness: harness.error(500),
    "502": lambda harness: harness.error(502),
    "503": lambda harness: harness.error(503),
    "504": lambda harness: harness.error(504),
    "reset before headers": lambda harness: Broken(template=harness.template()),
    "reset in headers": lambda harness: Broken(template=harness.template(), where=Where.IN_HEADERS),
    "reset after headers": lambda harness: Broken(template=harness.template(), where=Where.AFTER_HEADERS),
    "reset in body": lambda harness: Broken(template=harness.template(), where=Where.IN_BODY),
    "closed before headers": lambda harness: Broken(template=harness.template(), reset=False),
    "closed in body": lambda harness: Broken(template=harness.template(), where=Where.IN_BODY, reset=False),
    "truncated": lambda harness: Truncated(template=harness.template(), at=10),
    "no JSON": lambda harness: harness.response("a page", b"<html></html>", content_type="text/html"),
    "empty": lambda harness: harness.response("nothing", b""),
    "204": lambda harness: harness.response("nothing", b"", status=204),
}

#: What a console is tempted to try again: the items of the page.
TEMPTING = ("429", "503", "reset before headers", "closed before headers", "reset in body", "no JSON")


@requirement("CON-09")
@pytest.mark.parametrize("name", FAILURES, ids=lambda name: name.replace(" ", "-"))
def test_command_is_sent_once(wide_harness: Harness, name: str, must_hold: MustHold) -> None:
    """Whatever response a command gets on a fresh connection, or none, it was sent exactly once."""
    interaction = wide_harness.execute(FAILURES[name](wide_harness), case=name)
    must_hold(sent_times(interaction, wide_harness.names.execute, 1))


@requirement("CON-09")
@pytest.mark.parametrize("name", TEMPTING, ids=lambda name: name.replace(" ", "-"))
def test_page_sends_a_command_once(page_harness: Harness, name: str, must_hold: MustHold) -> None:
    """A command entered in the page is sent exactly once, where trying again is tempting."""
    interaction = page_harness.execute(FAILURES[name](page_harness), case=name)
    must_hold(sent_times(interaction, page_harness.names.execute, 1))


@requirement("CON-09")
@parts("audit", "memory")
@pytest.mark.parametrize("name", ["retry-after", "503"])
def test_not_sent_again_later(harness: Harness, name: str, must_hold: MustHold) -> None:
    """A command is not sent again while the console is used on, not even where the response demands it."""
    headers = (("Retry-After", "0"),) if name == "retry-after" else ()
    sent = FramedResponse(what="refused", body=harness.error_template(503).body, status=503, headers=headers)
    names = harness.names

    def used_on(driver: ConsoleDriver) -> RenderedOutput:
        shown = driver.execute("PING")
        driver.memory()
        driver.audit()
        return shown

    def attempt() -> Interaction:
        harness.driver.wait_until_complete()
        harness.mock_backend.reset()
        placed = harness.script({names.execute: sent.fault()})
        return harness.run_scripted(placed, used_on, (names.execute,), case=sent.case)

    must_hold(sent_times(harness.observe(attempt), names.execute, 1))
