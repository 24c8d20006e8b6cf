"""CON-11: a memory that cannot be read, or has nothing, is no snapshot, and no error."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_display import shows, shows_no_snapshot
from technogate.checks.console_requests import was_sent
from technogate.mock.listener import Refusal
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console", "memory")

BROKEN: dict[str, Callable[[Harness], Fault]] = {
    "nothing yet (204)": lambda harness: harness.response("nothing", b"", status=204),
    "blocked": lambda harness: harness.envelope(),
    "401": lambda harness: harness.error(401),
    "403": lambda harness: harness.error(403),
    "404": lambda harness: harness.error(404),
    "429": lambda harness: harness.error(429),
    "500": lambda harness: harness.error(500),
    "503": lambda harness: harness.error(503),
    "503 with a snapshot": lambda harness: harness.response("a snapshot", harness.snapshot_template().body, status=503),
    "206 with a snapshot": lambda harness: harness.response("a snapshot", harness.snapshot_template().body, status=206),
    "reset": lambda harness: Broken(template=harness.snapshot_template()),
    "closed in body": lambda harness: Broken(template=harness.snapshot_template(), where=Where.IN_BODY, reset=False),
    "truncated": lambda harness: Truncated(template=harness.snapshot_template(), at=20),
    "empty": lambda harness: harness.response("nothing", b""),
    "null": lambda harness: harness.response("null", b"null"),
    "a list": lambda harness: harness.response("a list", b"[]"),
    "bytes in use": lambda harness: harness.response("another memory", b'{"used":1,"total":2}'),
    "html": lambda harness: harness.response("a page", b"<html></html>", content_type="text/html"),
    "an unknown status": lambda harness: harness.snapshot(status="DONE"),
    "a status in lower case": lambda harness: harness.snapshot(status="approved"),
    "an output that is an object": lambda harness: harness.snapshot(output={"text": "pong"}),
    "a time with an offset": lambda harness: harness.snapshot(timestamp="2026-01-01T12:00:00+01:00"),
}
IN_THE_PAGE = ("nothing yet (204)", "blocked", "401", "503", "reset", "html", "an unknown status")


def comes_to_nothing(harness: Harness, name: str, must_hold: MustHold) -> None:
    """A snapshot is shown first, so that its absence can be observed."""
    shown = harness.memory(harness.snapshot(command="SHOWN_FIRST"))
    must_hold(shows(shown, "command", "SHOWN_FIRST"))
    interaction = harness.memory(BROKEN[name](harness), case=name)
    must_hold(was_sent(interaction, harness.names.memory), shows_no_snapshot(interaction))


@requirement("CON-11")
@pytest.mark.parametrize("name", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_no_snapshot(wide_harness: Harness, name: str, must_hold: MustHold) -> None:
    """A memory that has nothing, is blocked, failing or malformed is no snapshot, without an error."""
    comes_to_nothing(wide_harness, name, must_hold)


@requirement("CON-11")
@pytest.mark.parametrize("name", IN_THE_PAGE, ids=lambda name: name.replace(" ", "-"))
def test_no_snapshot_in_the_page(page_harness: Harness, name: str, must_hold: MustHold) -> None:
    """The page takes an earlier snapshot away where there is none any more."""
    comes_to_nothing(page_harness, name, must_hold)


@requirement("CON-11")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_memory_without_a_listener(harness: Harness, how: Refusal, must_hold: MustHold) -> None:
    """With no listener, or every connection reset on arrival, there is no snapshot and no error."""
    must_hold(shows_no_snapshot(harness.run_refused(how, lambda driver: driver.memory(), part="memory")))


@requirement("CON-11")
@pytest.mark.parametrize("further", [{}, {"execution_id": "exec_1"}, {"output": ""}], ids=["plain", "id", "no-output"])
def test_snapshot_is_shown(harness: Harness, further: dict[str, object], must_hold: MustHold) -> None:
    """A conforming snapshot is shown: nothing but what is wrong comes to nothing."""
    warning = harness.status("warning")
    snapshot = harness.snapshot(command="RUN_REPORT", status=warning, **further)
    interaction = harness.memory(snapshot, must_send=True)
    must_hold(
        was_sent(interaction, harness.names.memory),
        shows(interaction, "command", "RUN_REPORT"),
        shows(interaction, "status", warning),
    )
