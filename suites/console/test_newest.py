"""CON-17: responses in the wrong order: that of the newest command is shown, whatever arrives after it."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import Harness
from technogate.checks.console_display import shows
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, requirement

#: The response to the newer command, and what the console must then show.
NEWER: dict[str, tuple[Callable[[Harness], Fault], str]] = {
    "blocked": (lambda harness: harness.conforming(status="BLOCKED", reason_codes=["API_BLOCKED"]), "BLOCKED"),
    "neutral": (lambda harness: harness.conforming(status="NEUTRAL"), "NEUTRAL"),
    "refused": (lambda harness: harness.error(403), "BLOCKED"),
    "reset": (lambda harness: Broken(template=harness.template()), "BLOCKED"),
}


@requirement("CON-17")
@pytest.mark.parametrize("where", [Where.BEFORE_HEADERS, Where.IN_BODY], ids=str)
@pytest.mark.parametrize("name", NEWER)
def test_slow_response_is_not_shown(page_harness: Harness, name: str, where: Where, must_hold: MustHold) -> None:
    """A late approval of an older command never replaces what the newer one led to."""
    harness, execute = page_harness, page_harness.names.execute
    response, expected = NEWER[name]
    harness.driver.wait_until_complete()
    harness.mock_backend.reset()
    older = Held(template=harness.template(trace_id=harness.new_trace_id()), name="older", where=where)
    placed = list(harness.mock_backend.script(execute, older, response(harness), default=harness.error(500)))
    harness.driver.start_execute("OLDER")
    harness.mock_backend.wait_for(execute, 1)
    if not harness.driver.start_execute("NEWER"):
        # A console that takes no second command while one is pending has no order to confuse.
        harness.mock_backend.release("older")
        interaction = harness.run_scripted(
            placed[:1], lambda driver: driver.result(), (execute,), "one command at a time"
        )
        must_hold(shows(interaction, "status", "APPROVED"))
        return
    harness.mock_backend.wait_for(execute, 2)
    first = harness.driver.result()
    harness.mock_backend.release("older")
    harness.driver.wait_until_complete()
    harness.mock_backend.wait_until_complete()
    interaction = harness.run_scripted(placed, lambda driver: driver.result(), (execute,), f"the newer command: {name}")
    recorded = harness.record(first, (execute,), f"the newer command: {name}, before the late response")
    must_hold(shows(recorded, "status", expected), shows(interaction, "status", expected))


@requirement("CON-17")
def test_slow_failure_is_not_shown(page_harness: Harness, must_hold: MustHold) -> None:
    """A late failure of an older command never replaces the approval of the newer one."""
    harness, execute = page_harness, page_harness.names.execute
    harness.driver.wait_until_complete()
    harness.mock_backend.reset()
    trace_id = harness.new_trace_id()
    older = Held(template=harness.error_template(500), name="older")
    placed = list(harness.mock_backend.script(execute, older, harness.conforming(trace_id=trace_id)))
    harness.driver.start_execute("OLDER")
    harness.mock_backend.wait_for(execute, 1)
    started = harness.driver.start_execute("NEWER")
    if started:
        harness.mock_backend.wait_for(execute, 2)
        harness.driver.result()
    harness.mock_backend.release("older")
    harness.driver.wait_until_complete()
    interaction = harness.run_scripted(placed, lambda driver: driver.result(), (execute,), "a late failure")
    must_hold(shows(interaction, "status", "APPROVED" if started else "BLOCKED"))
