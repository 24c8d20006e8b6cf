"""CON-19: each reading asks the backend, whatever caching headers the answer before it had."""

import pytest

from fixtures.console import COMMAND, Stage
from technogate.checks import console
from technogate.mock.responses.cached import KEEP_FOR_A_YEAR, Cached
from technogate.runner.suite import MustHold, requirement

HEADERS = {
    "for a year": KEEP_FOR_A_YEAR,
    "max-age": (("Cache-Control", "max-age=3600"),),
    "expires": (("Expires", "Thu, 31 Dec 2099 23:59:59 GMT"),),
    "last-modified": (("Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"),),
    "stale-while-revalidate": (("Cache-Control", "max-age=0, stale-while-revalidate=3600"),),
    "etag": (("ETag", '"kept"'), ("Cache-Control", "max-age=3600")),
}
CASES = pytest.mark.parametrize("name", HEADERS)


@requirement("CON-19")
@CASES
def test_list_is_read_anew(stage: Stage, name: str, must_hold: MustHold) -> None:
    """A second reading of the list asks again, and shows what it is answered."""
    names, headers = stage.names, HEADERS[name]
    stage.audit(Cached(draft=stage.list_draft(stage.entry(action="FIRST")), headers=headers), stage.listing())
    scene = stage.audit(stage.listing(stage.entry(action="SECOND")), stage.listing(), case=name)
    must_hold(console.asked(scene, names.audit, 1), console.rows_say(scene, "action", ["SECOND"]))


@requirement("CON-19")
@CASES
def test_fallback_is_read_anew(stage: Stage, name: str, must_hold: MustHold) -> None:
    """A second reading of the fallback asks again, and shows what it is answered."""
    names, headers = stage.names, HEADERS[name]
    kept = Cached(draft=stage.list_draft(stage.entry(action="FIRST")), headers=headers)
    stage.audit(stage.error(503), kept)
    scene = stage.audit(stage.error(503), stage.listing(stage.entry(action="SECOND")), case=name)
    must_hold(console.asked(scene, names.fallback, 1), console.rows_say(scene, "action", ["SECOND"]))


@requirement("CON-19")
@CASES
def test_memory_is_read_anew(stage: Stage, name: str, must_hold: MustHold) -> None:
    """A second reading of the memory asks again, and shows what it is answered."""
    stage.memory(Cached(draft=stage.snapshot_draft(command="FIRST"), headers=HEADERS[name]))
    scene = stage.memory(stage.snapshot(command="SECOND"), case=name)
    must_hold(console.asked(scene, stage.names.memory, 1), console.shows(scene, "command", "SECOND"))


@requirement("CON-19")
def test_command_is_sent_anew(stage: Stage, must_hold: MustHold) -> None:
    """The same command entered again is sent again, and shown with its own answer."""
    stage.execute(Cached(draft=stage.draft()), COMMAND)
    scene = stage.execute(stage.conforming(status="NEUTRAL"), COMMAND)
    must_hold(console.asked(scene, stage.names.execute, 1), console.shows(scene, "status", "NEUTRAL"))


@requirement("CON-19")
@pytest.mark.parametrize("first", ["a list", "a snapshot"], ids=["list", "snapshot"])
def test_no_earlier_answer_stands_in(stage: Stage, first: str, must_hold: MustHold) -> None:
    """When a reading fails, nothing that was read before stands in for it."""
    if first == "a list":
        stage.audit(Cached(draft=stage.list_draft()), stage.listing())
        must_hold(console.empty_list(stage.audit(stage.error(503), stage.error(503))))
    else:
        stage.memory(Cached(draft=stage.snapshot_draft()))
        must_hold(console.no_snapshot(stage.memory(stage.error(503))))
