"""CON-16: no failure stays behind: the next conforming response is shown as it is."""

from collections.abc import Callable

import pytest

from fixtures.console_harnesses import COMMAND, Harness
from technogate.checks.console_display import rows_show, shows, shows_reasons
from technogate.checks.console_recovery import sends_again
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault
from technogate.runner.suite import MustHold, parts, requirement

pytestmark = parts("console")

FAILURES: dict[str, Callable[[Harness], object]] = {
    "refused": lambda harness: harness.run_refused("closed", lambda driver: driver.execute(COMMAND)),
    "reset": lambda harness: harness.execute(Broken(template=harness.template())),
    "truncated": lambda harness: harness.execute(Truncated(template=harness.template(), at=10)),
    "html": lambda harness: harness.execute(harness.response("a page", b"<html>", content_type="text/html")),
    "null": lambda harness: harness.execute(null(harness)),
    "401": lambda harness: harness.execute(harness.error(401)),
    "500": lambda harness: harness.execute(harness.error(500)),
    "unknown status": lambda harness: harness.execute(harness.conforming(status="MAYBE")),
    "blocked": lambda harness: harness.execute(
        harness.conforming(status=harness.blocked, reason_codes=[harness.reason])
    ),
    "a bad command": lambda harness: harness.execute(harness.conforming(), "no command"),
}
READS: dict[str, Callable[[Harness], object]] = {
    "refused": lambda harness: (
        harness.run_refused("closed", lambda driver: driver.audit(), part="audit"),
        harness.run_refused("closed", lambda driver: driver.memory(), part="memory"),
    ),
    "500": lambda harness: (harness.audit(harness.error(500), harness.error(500)), harness.memory(harness.error(500))),
    "null": lambda harness: (harness.audit(null(harness), null(harness)), harness.memory(null(harness))),
}


def null(harness: Harness) -> Fault:
    """A response whose body is null."""
    return harness.response("null", b"null")


@requirement("CON-16")
@pytest.mark.parametrize("name", FAILURES, ids=lambda name: name.replace(" ", "-"))
def test_command_after_a_failure(harness: Harness, name: str, must_hold: MustHold) -> None:
    """After a command that failed, the next conforming response is shown with status, trace id and reasons."""
    FAILURES[name](harness)
    warning = harness.status("warning")
    trace_id = harness.new_trace_id()
    interaction = harness.execute(
        harness.conforming(status=warning, reason_codes=["Look_Here"], trace_id=trace_id), case=name
    )
    must_hold(
        sends_again(interaction),
        shows(interaction, "status", warning),
        shows(interaction, "trace_id", trace_id),
        shows_reasons(interaction, ["Look_Here"]),
    )


@requirement("CON-16")
@parts("audit", "memory")
@pytest.mark.parametrize("name", READS)
def test_reads_after_a_failure(harness: Harness, name: str, must_hold: MustHold) -> None:
    """After reads that failed, the next conforming list and snapshot are shown."""
    READS[name](harness)
    listed = harness.audit(harness.listing(harness.entry(action="SHOWN_AGAIN")), harness.error(500), case=name)
    must_hold(sends_again(listed), rows_show(listed, "action", ["SHOWN_AGAIN"]))
    kept = harness.memory(harness.snapshot(command="SHOWN_AGAIN"), case=name)
    must_hold(sends_again(kept), shows(kept, "command", "SHOWN_AGAIN"))
