"""CON-09: a command is sent exactly once, whatever becomes of it."""

from collections.abc import Callable

import pytest

from fixtures.console import Stage
from technogate.checks import console
from technogate.generation.responses.framing import Sent
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, requirement

FAILURES: dict[str, Callable[[Stage], Fault]] = {
    "approved": lambda stage: stage.conforming(),
    "blocked": lambda stage: stage.conforming(status="BLOCKED", reason_codes=["API_BLOCKED"]),
    "unknown status": lambda stage: stage.conforming(status="MAYBE"),
    "400": lambda stage: stage.error(400),
    "401": lambda stage: stage.error(401),
    "408": lambda stage: stage.error(408),
    "425": lambda stage: stage.error(425),
    "429": lambda stage: stage.error(429),
    "500": lambda stage: stage.error(500),
    "502": lambda stage: stage.error(502),
    "503": lambda stage: stage.error(503),
    "504": lambda stage: stage.error(504),
    "reset before headers": lambda stage: Broken(draft=stage.draft()),
    "reset in headers": lambda stage: Broken(draft=stage.draft(), where=Where.IN_HEADERS),
    "reset after headers": lambda stage: Broken(draft=stage.draft(), where=Where.AFTER_HEADERS),
    "reset in body": lambda stage: Broken(draft=stage.draft(), where=Where.IN_BODY),
    "closed before headers": lambda stage: Broken(draft=stage.draft(), reset=False),
    "closed in body": lambda stage: Broken(draft=stage.draft(), where=Where.IN_BODY, reset=False),
    "truncated": lambda stage: Truncated(draft=stage.draft(), at=10),
    "no JSON": lambda stage: stage.answer("a page", b"<html></html>", content_type="text/html"),
    "empty": lambda stage: stage.answer("nothing", b""),
    "204": lambda stage: stage.answer("nothing", b"", status=204),
}

#: What a console is tempted to try again: the items of the page.
TEMPTING = ("429", "503", "reset before headers", "closed before headers", "reset in body", "no JSON")


@requirement("CON-09")
@pytest.mark.parametrize("name", FAILURES, ids=lambda name: name.replace(" ", "-"))
def test_command_is_sent_once(wide_stage: Stage, name: str, must_hold: MustHold) -> None:
    """Whatever answer a command gets on a fresh connection, or none, it was sent exactly once."""
    scene = wide_stage.execute(FAILURES[name](wide_stage), case=name)
    must_hold(console.asked(scene, wide_stage.names.execute, 1))


@requirement("CON-09")
@pytest.mark.parametrize("name", TEMPTING, ids=lambda name: name.replace(" ", "-"))
def test_page_sends_a_command_once(page_stage: Stage, name: str, must_hold: MustHold) -> None:
    """A command entered in the page is sent exactly once, where trying again is tempting."""
    scene = page_stage.execute(FAILURES[name](page_stage), case=name)
    must_hold(console.asked(scene, page_stage.names.execute, 1))


@requirement("CON-09")
@pytest.mark.parametrize("name", ["retry-after", "503"])
def test_not_sent_again_later(stage: Stage, name: str, must_hold: MustHold) -> None:
    """A command is not sent again while the console is used on, not even where the answer asks for it."""
    headers = (("Retry-After", "0"),) if name == "retry-after" else ()
    sent = Sent(what="refused", body=stage.error_draft(503).body, status=503, headers=headers)
    names = stage.names
    stage.driver.settle()
    stage.double.reset()
    placed = stage.order({names.execute: sent.fault()})
    stage.driver.execute("PING")
    stage.driver.memory()
    scene = stage.follow(placed, lambda driver: driver.audit(), (names.execute,), case=sent.case)
    must_hold(console.asked(scene, names.execute, 1))
