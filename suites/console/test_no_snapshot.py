"""CON-11: a memory that cannot be read, or has nothing, is no snapshot, and no error."""

from collections.abc import Callable

import pytest

from fixtures.console import Stage
from technogate.checks import console
from technogate.mock.listener import Refusal
from technogate.mock.responses.broken import Broken
from technogate.mock.responses.truncated import Truncated
from technogate.mock.scripted_reply import Fault, Where
from technogate.runner.suite import MustHold, requirement

BROKEN: dict[str, Callable[[Stage], Fault]] = {
    "nothing yet (204)": lambda stage: stage.answer("nothing", b"", status=204),
    "blocked": lambda stage: stage.envelope(),
    "401": lambda stage: stage.error(401),
    "403": lambda stage: stage.error(403),
    "404": lambda stage: stage.error(404),
    "429": lambda stage: stage.error(429),
    "500": lambda stage: stage.error(500),
    "503": lambda stage: stage.error(503),
    "503 with a snapshot": lambda stage: stage.answer("a snapshot", stage.snapshot_draft().body, status=503),
    "206 with a snapshot": lambda stage: stage.answer("a snapshot", stage.snapshot_draft().body, status=206),
    "reset": lambda stage: Broken(draft=stage.snapshot_draft()),
    "closed in body": lambda stage: Broken(draft=stage.snapshot_draft(), where=Where.IN_BODY, reset=False),
    "truncated": lambda stage: Truncated(draft=stage.snapshot_draft(), at=20),
    "empty": lambda stage: stage.answer("nothing", b""),
    "null": lambda stage: stage.answer("null", b"null"),
    "a list": lambda stage: stage.answer("a list", b"[]"),
    "bytes in use": lambda stage: stage.answer("another memory", b'{"used":1,"total":2}'),
    "html": lambda stage: stage.answer("a page", b"<html></html>", content_type="text/html"),
    "an unknown status": lambda stage: stage.snapshot(status="DONE"),
    "a status in lower case": lambda stage: stage.snapshot(status="approved"),
    "an output that is an object": lambda stage: stage.snapshot(output={"text": "pong"}),
    "a time with an offset": lambda stage: stage.snapshot(timestamp="2026-01-01T12:00:00+01:00"),
}
IN_THE_PAGE = ("nothing yet (204)", "blocked", "401", "503", "reset", "html", "an unknown status")


def comes_to_nothing(stage: Stage, name: str, must_hold: MustHold) -> None:
    """A snapshot is shown first, so that its absence can be seen."""
    shown = stage.memory(stage.snapshot(command="SHOWN_FIRST"))
    must_hold(console.shows(shown, "command", "SHOWN_FIRST"))
    scene = stage.memory(BROKEN[name](stage), case=name)
    must_hold(console.reached(scene, stage.names.memory), console.no_snapshot(scene))


@requirement("CON-11")
@pytest.mark.parametrize("name", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_no_snapshot(wide_stage: Stage, name: str, must_hold: MustHold) -> None:
    """A memory that has nothing, is blocked, failing or malformed is no snapshot, without an error."""
    comes_to_nothing(wide_stage, name, must_hold)


@requirement("CON-11")
@pytest.mark.parametrize("name", IN_THE_PAGE, ids=lambda name: name.replace(" ", "-"))
def test_no_snapshot_in_the_page(page_stage: Stage, name: str, must_hold: MustHold) -> None:
    """The page takes an earlier snapshot away where there is none any more."""
    comes_to_nothing(page_stage, name, must_hold)


@requirement("CON-11")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_nobody_answers_the_memory(stage: Stage, how: Refusal, must_hold: MustHold) -> None:
    """With nobody listening, or every connection reset on arrival, there is no snapshot and no error."""
    must_hold(console.no_snapshot(stage.refused(how, lambda driver: driver.memory())))


@requirement("CON-11")
@pytest.mark.parametrize("further", [{}, {"execution_id": "exec_1"}, {"output": ""}], ids=["plain", "id", "no-output"])
def test_snapshot_is_shown(stage: Stage, further: dict[str, object], must_hold: MustHold) -> None:
    """A conforming snapshot is shown: nothing but what is wrong comes to nothing."""
    scene = stage.memory(stage.snapshot(command="RUN_REPORT", status="WARNING", **further))
    must_hold(console.shows(scene, "command", "RUN_REPORT"), console.shows(scene, "status", "WARNING"))
