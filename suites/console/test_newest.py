"""CON-17: responses in the wrong order: that of the newest command is shown, whatever arrives after it."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_display import shows
from technogate.checks.console_interaction import Interaction
from technogate.mock.reply_queue import ScriptedReply
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, not_exercised, parts, requirement

pytestmark = parts("console")

#: The response to the newer command, and the outcome that the console must then show.
NEWER: dict[str, tuple[Callable[[Harness], Fault], str]] = {
    "blocked": (lambda harness: harness.conforming(status=harness.blocked, reason_codes=[harness.reason]), "blocked"),
    "neutral": (lambda harness: harness.conforming(status=harness.status("neutral")), "neutral"),
    "refused": (lambda harness: harness.error(403), "blocked"),
    "reset": (lambda harness: Broken(template=harness.template()), "blocked"),
}


@requirement("CON-17")
@pytest.mark.parametrize("where", [Where.BEFORE_HEADERS, Where.IN_BODY], ids=str)
@pytest.mark.parametrize("name", NEWER)
def test_slow_response_is_not_shown(page_harness: Harness, name: str, where: Where, must_hold: MustHold) -> None:
    """A late approval of an older command never replaces what the newer one led to."""
    harness, execute = page_harness, page_harness.names.execute
    response, outcome = NEWER[name]
    expected = harness.status(outcome)
    older = Held(template=harness.template(trace_id=harness.new_trace_id()), name="older", where=where)
    before_late: list[Interaction] = []

    def attempt() -> Interaction:
        placed = started(harness, older, response(harness))
        if placed is None:
            return harness.record(harness.driver.result(), (execute,), "the older command")
        if not harness.driver.start_execute("NEWER"):
            # A console that takes no second command while one is pending has no order to confuse.
            harness.mock_backend.release("older")
            return harness.run_scripted(placed[:1], lambda driver: driver.result(), (execute,), "one command at a time")
        harness.mock_backend.wait_for(execute, 2)
        first = harness.driver.result()
        harness.mock_backend.release("older")
        harness.driver.wait_until_complete()
        harness.mock_backend.wait_until_complete()
        newest = harness.run_scripted(placed, lambda driver: driver.result(), (execute,), f"the newer command: {name}")
        before_late.append(harness.record(first, (execute,), f"the newer command: {name}, before the late response"))
        return newest

    harness.heal()
    interaction = lasting(harness.observe(attempt))
    if not before_late:
        must_hold(shows(interaction, "status", harness.approved))
        return
    first = before_late[-1]
    if harness.takes_for_broken(first):
        # Wrong as that may be (CON-07), it must stay.
        expected = first.shown["status"]
    must_hold(shows(first, "status", expected), shows(interaction, "status", expected))


@requirement("CON-17")
def test_slow_failure_is_not_shown(page_harness: Harness, must_hold: MustHold) -> None:
    """A late failure of an older command never replaces the approval of the newer one."""
    harness, execute = page_harness, page_harness.names.execute
    older = Held(template=harness.error_template(500), name="older")
    taken: list[bool] = []

    def attempt() -> Interaction:
        placed = started(harness, older, harness.conforming())
        if placed is None:
            return harness.record(harness.driver.result(), (execute,), "the older command")
        taken[:] = [harness.driver.start_execute("NEWER")]
        if taken[0]:
            harness.mock_backend.wait_for(execute, 2)
            harness.driver.result()
        harness.mock_backend.release("older")
        harness.driver.wait_until_complete()
        return harness.run_scripted(placed, lambda driver: driver.result(), (execute,), "a late failure")

    harness.heal()
    interaction = lasting(harness.observe(attempt))
    must_hold(shows(interaction, "status", harness.approved if taken[0] else harness.blocked))


def lasting(interaction: Interaction) -> Interaction:
    """The interaction, unless the page ended in it: then nobody knows which response would have won."""
    if interaction.ended:
        not_exercised(
            f"the page {interaction.ended}", "find out why the page ends: a finding of CON-16 names the response"
        )
    return interaction


def started(harness: Harness, older: Fault, newer: Fault) -> list[ScriptedReply] | None:
    """Have the older command sent; returns the replies to both, None when it is not sent."""
    execute = harness.names.execute
    harness.driver.wait_until_complete()
    harness.mock_backend.reset()
    placed = list(harness.mock_backend.script(execute, older, newer, default=harness.error(500)))
    harness.driver.start_execute("OLDER")
    return placed if harness.requested(execute) else None
