"""CON-16: no failure stays behind: the next conforming answer is shown as it is."""

from collections.abc import Callable

import pytest

from fixtures.console import COMMAND, Stage
from technogate.checks import console
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault
from technogate.runner.suite import MustHold, requirement

FAILURES: dict[str, Callable[[Stage], object]] = {
    "refused": lambda stage: stage.refused("closed", lambda driver: driver.execute(COMMAND)),
    "reset": lambda stage: stage.execute(Broken(draft=stage.draft())),
    "truncated": lambda stage: stage.execute(Truncated(draft=stage.draft(), at=10)),
    "html": lambda stage: stage.execute(stage.answer("a page", b"<html>", content_type="text/html")),
    "null": lambda stage: stage.execute(null(stage)),
    "401": lambda stage: stage.execute(stage.error(401)),
    "500": lambda stage: stage.execute(stage.error(500)),
    "unknown status": lambda stage: stage.execute(stage.conforming(status="MAYBE")),
    "blocked": lambda stage: stage.execute(stage.conforming(status="BLOCKED", reason_codes=["API_BLOCKED"])),
    "a bad command": lambda stage: stage.execute(stage.conforming(), "no command"),
}
READS: dict[str, Callable[[Stage], object]] = {
    "refused": lambda stage: stage.refused("closed", lambda driver: (driver.audit(), driver.memory())[1]),
    "500": lambda stage: (stage.audit(stage.error(500), stage.error(500)), stage.memory(stage.error(500))),
    "null": lambda stage: (stage.audit(null(stage), null(stage)), stage.memory(null(stage))),
}


def null(stage: Stage) -> Fault:
    """An answer that says null."""
    return stage.answer("null", b"null")


@requirement("CON-16")
@pytest.mark.parametrize("name", FAILURES, ids=lambda name: name.replace(" ", "-"))
def test_command_after_a_failure(stage: Stage, name: str, must_hold: MustHold) -> None:
    """After a command that failed, the next conforming answer is shown with status, trace id and reasons."""
    FAILURES[name](stage)
    trace_id = stage.new_trace_id()
    scene = stage.execute(stage.conforming(status="WARNING", reason_codes=["Look_Here"], trace_id=trace_id), case=name)
    must_hold(
        console.shows(scene, "status", "WARNING"),
        console.shows(scene, "trace_id", trace_id),
        console.shows_reasons(scene, ["Look_Here"]),
    )


@requirement("CON-16")
@pytest.mark.parametrize("name", READS)
def test_reads_after_a_failure(stage: Stage, name: str, must_hold: MustHold) -> None:
    """After reads that failed, the next conforming list and snapshot are shown."""
    READS[name](stage)
    listed = stage.audit(stage.listing(stage.entry(action="SHOWN_AGAIN")), stage.error(500), case=name)
    must_hold(console.rows_say(listed, "action", ["SHOWN_AGAIN"]))
    kept = stage.memory(stage.snapshot(command="SHOWN_AGAIN"), case=name)
    must_hold(console.shows(kept, "command", "SHOWN_AGAIN"))
