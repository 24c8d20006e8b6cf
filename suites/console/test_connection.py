"""CON-07: a connection that is refused, reset or closed half-way is never an approval."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import COMMAND, Harness
from technogate.checks.console_display import shows_blocked
from technogate.checks.console_interaction import Interaction
from technogate.checks.console_requests import was_sent
from technogate.mock.listener import Refusal
from technogate.mock.recorded_request import RecordedRequest
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Where, json_template
from technogate.model.events import RunWarning
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

PLACES = [Where.BEFORE_HEADERS, Where.IN_HEADERS, Where.AFTER_HEADERS, Where.IN_BODY]


@requirement("CON-07")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_command_without_a_listener(harness: Harness, how: Refusal, must_hold: MustHold) -> None:
    """With no listener, or every connection reset on arrival, a refusal is shown."""
    must_hold(shows_blocked(harness.run_refused(how, lambda driver: driver.execute(COMMAND))))


@requirement("CON-07")
@pytest.mark.parametrize("where", PLACES, ids=str)
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_connection_breaks(harness: Harness, where: Where, reset: bool, must_hold: MustHold) -> None:
    """A connection that breaks before, in or after the headers, or within the body, is shown as a refusal."""
    interaction = harness.execute(Broken(template=harness.template(), where=where, reset=reset))
    must_hold(was_sent(interaction, harness.names.execute), shows_blocked(interaction))


@requirement("CON-07")
@parts("audit", "memory")
def test_reused_connection_breaks(harness: Harness, must_hold: MustHold) -> None:
    """A connection that was used before and is then reset is shown as a refusal."""
    names = harness.names
    kept: dict[str, Callable[[], Conforming]] = {
        names.execute: lambda: Conforming(template=harness.template(keep_alive=True)),
        names.audit: lambda: Conforming(template=json_template([], trace_id=harness.new_trace_id(), keep_alive=True)),
        names.memory: lambda: Conforming(template=json_template({}, trace_id=harness.new_trace_id(), keep_alive=True)),
    }
    posts: list[RecordedRequest] = []

    def attempt() -> Interaction:
        harness.driver.wait_until_complete()
        harness.mock_backend.reset()
        harness.script({name: make() for name, make in kept.items()})
        harness.driver.execute(COMMAND)
        harness.driver.wait_until_complete()
        before = len(harness.mock_backend.received(names.execute))
        placed = harness.script({names.execute: Broken(template=harness.template())})
        broken = harness.run_scripted(placed, lambda driver: driver.execute(COMMAND), (names.execute,))
        posts[:] = harness.mock_backend.received(names.execute)[before:]
        return broken

    interaction = harness.observe(attempt)
    if any(not post.first_on_connection for post in posts):
        times = "once" if len(posts) == 1 else f"{len(posts)} times"
        why = "" if len(posts) == 1 else "; a browser does that by itself, without the page's knowledge"
        text = f"On a reused connection that is reset, {harness.driver.name} sent the command {times}{why} (CON-09)."
        harness.run_context.record(RunWarning(text=text))
    must_hold(shows_blocked(interaction))
