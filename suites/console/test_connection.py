"""CON-07: a connection that is refused, reset or closed half-way is never an approval."""

from collections.abc import Callable

import pytest

from fixtures.console import COMMAND, Stage
from technogate.checks import console
from technogate.mock.listener import Refusal
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Where, json_draft
from technogate.model.events import Note
from technogate.runner.suite import MustHold, requirement

PLACES = [Where.BEFORE_HEADERS, Where.IN_HEADERS, Where.AFTER_HEADERS, Where.IN_BODY]


@requirement("CON-07")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_nobody_answers(stage: Stage, how: Refusal, must_hold: MustHold) -> None:
    """With nobody listening, or every connection reset on arrival, BLOCKED is shown."""
    must_hold(console.blocked(stage.refused(how, lambda driver: driver.execute(COMMAND))))


@requirement("CON-07")
@pytest.mark.parametrize("where", PLACES, ids=str)
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_connection_breaks(stage: Stage, where: Where, reset: bool, must_hold: MustHold) -> None:
    """A connection that breaks before, in or after the headers, or within the body, is shown as BLOCKED."""
    scene = stage.execute(Broken(draft=stage.draft(), where=where, reset=reset))
    must_hold(console.reached(scene, stage.names.execute), console.blocked(scene))


@requirement("CON-07")
def test_reused_connection_breaks(stage: Stage, must_hold: MustHold) -> None:
    """A connection that was used before and is then reset is shown as BLOCKED."""
    names = stage.names
    stage.driver.settle()
    stage.double.reset()
    kept: dict[str, Callable[[], Conforming]] = {
        names.execute: lambda: Conforming(draft=stage.draft(keep_alive=True)),
        names.audit: lambda: Conforming(draft=json_draft([], trace_id=stage.new_trace_id(), keep_alive=True)),
        names.memory: lambda: Conforming(draft=json_draft({}, trace_id=stage.new_trace_id(), keep_alive=True)),
    }
    stage.order({name: make() for name, make in kept.items()})
    stage.driver.execute(COMMAND)
    stage.driver.settle()
    before = len(stage.double.received(names.execute))
    placed = stage.order({names.execute: Broken(draft=stage.draft())})
    scene = stage.follow(placed, lambda driver: driver.execute(COMMAND), (names.execute,))
    posts = stage.double.received(names.execute)[before:]
    if any(not post.first_on_connection for post in posts):
        times = "once" if len(posts) == 1 else f"{len(posts)} times"
        why = "" if len(posts) == 1 else "; a browser does that by itself, without the page's knowledge"
        text = f"On a reused connection that is reset, {stage.driver.name} sent the command {times}{why} (CON-09)."
        stage.gate.record(Note(text=text))
    must_hold(console.blocked(scene))
