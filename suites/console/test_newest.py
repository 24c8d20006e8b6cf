"""CON-17: answers that come in the wrong order: the newest command's is shown, whatever comes after it."""

from collections.abc import Callable

import pytest

from fixtures.console import Stage
from technogate.checks import console
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.held import Held
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, requirement

#: What the newer command is answered, and what is then to be seen.
NEWER: dict[str, tuple[Callable[[Stage], Fault], str]] = {
    "blocked": (lambda stage: stage.conforming(status="BLOCKED", reason_codes=["API_BLOCKED"]), "BLOCKED"),
    "neutral": (lambda stage: stage.conforming(status="NEUTRAL"), "NEUTRAL"),
    "refused": (lambda stage: stage.error(403), "BLOCKED"),
    "reset": (lambda stage: Broken(draft=stage.draft()), "BLOCKED"),
}


@requirement("CON-17")
@pytest.mark.parametrize("where", [Where.BEFORE_HEADERS, Where.IN_BODY], ids=str)
@pytest.mark.parametrize("name", NEWER)
def test_late_answer_is_not_shown(page_stage: Stage, name: str, where: Where, must_hold: MustHold) -> None:
    """An approval of an older command that comes late never replaces what the newer one led to."""
    stage, execute = page_stage, page_stage.names.execute
    answer, expected = NEWER[name]
    stage.driver.settle()
    stage.double.reset()
    older = Held(draft=stage.draft(trace_id=stage.new_trace_id()), name="older", where=where)
    placed = list(stage.double.script(execute, older, answer(stage), default=stage.error(500)))
    stage.driver.start_execute("OLDER")
    stage.double.wait_for(execute, 1)
    if not stage.driver.start_execute("NEWER"):
        # A console that takes no second command while one is pending has no order to confuse.
        stage.double.release("older")
        scene = stage.follow(placed[:1], lambda driver: driver.result(), (execute,), "one command at a time")
        must_hold(console.shows(scene, "status", "APPROVED"))
        return
    stage.double.wait_for(execute, 2)
    first = stage.driver.result()
    stage.double.release("older")
    stage.driver.settle()
    stage.double.settle()
    scene = stage.follow(placed, lambda driver: driver.result(), (execute,), f"the newer command: {name}")
    seen = stage.record(first, (execute,), f"the newer command: {name}, before the late answer")
    must_hold(console.shows(seen, "status", expected), console.shows(scene, "status", expected))


@requirement("CON-17")
def test_late_failure_is_not_shown(page_stage: Stage, must_hold: MustHold) -> None:
    """A late failure of an older command never replaces the approval of the newer one either."""
    stage, execute = page_stage, page_stage.names.execute
    stage.driver.settle()
    stage.double.reset()
    trace_id = stage.new_trace_id()
    older = Held(draft=stage.error_draft(500), name="older")
    placed = list(stage.double.script(execute, older, stage.conforming(trace_id=trace_id)))
    stage.driver.start_execute("OLDER")
    stage.double.wait_for(execute, 1)
    started = stage.driver.start_execute("NEWER")
    if started:
        stage.double.wait_for(execute, 2)
        stage.driver.result()
    stage.double.release("older")
    stage.driver.settle()
    scene = stage.follow(placed, lambda driver: driver.result(), (execute,), "a late failure")
    must_hold(console.shows(scene, "status", "APPROVED" if started else "BLOCKED"))
