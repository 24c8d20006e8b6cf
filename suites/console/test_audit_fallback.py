"""CON-10: a list that cannot be read leads to the fallback, once and with the same query; then to the empty list."""

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
    "blocked": lambda stage: stage.envelope(),
    "400": lambda stage: stage.error(400),
    "401": lambda stage: stage.error(401),
    "403": lambda stage: stage.error(403),
    "404": lambda stage: stage.error(404),
    "429": lambda stage: stage.error(429),
    "500": lambda stage: stage.error(500),
    "503": lambda stage: stage.error(503),
    "503 with a list": lambda stage: stage.answer("a list", stage.list_draft().body, status=503),
    "204": lambda stage: stage.answer("nothing", b"", status=204),
    "206 with a list": lambda stage: stage.answer("a list", stage.list_draft().body, status=206),
    "reset": lambda stage: Broken(draft=stage.list_draft()),
    "closed in body": lambda stage: Broken(draft=stage.list_draft(), where=Where.IN_BODY, reset=False),
    "truncated": lambda stage: Truncated(draft=stage.list_draft(), at=20),
    "empty": lambda stage: stage.answer("nothing", b""),
    "null": lambda stage: stage.answer("null", b"null"),
    "an envelope of entries": lambda stage: stage.answer("entries", b'{"entries":[],"status":"APPROVED"}'),
    "html": lambda stage: stage.answer("a page", b"<html></html>", content_type="text/html"),
    "list as text": lambda stage: stage.answer("a list", stage.list_draft().body, content_type="text/plain"),
    "an entry without a state": lambda stage: stage.answer(
        "an entry", b'[{"timestamp":"2026-01-01T12:00:00Z","action":"PING","result":"SUCCESS"}]'
    ),
    "a state in lower case": lambda stage: stage.listing(stage.entry(state="approved")),
    "state and result at odds": lambda stage: stage.listing(stage.entry(result="FAILED")),
}
IN_THE_PAGE = ("blocked", "401", "503", "reset", "closed in body", "html", "a state in lower case")
QUERIES = [("all", 50), ("BLOCKED", 10), ("APPROVED", 1000), ("NEUTRAL", 1)]


def falls_back(stage: Stage, name: str, must_hold: MustHold) -> None:
    """The list is broken as `name` says, the fallback conforms."""
    entry = stage.entry(action="FROM_THE_FALLBACK")
    scene = stage.audit(BROKEN[name](stage), stage.listing(entry), case=name)
    names = stage.names
    must_hold(
        console.asked(scene, names.audit, 1),
        console.asked(scene, names.fallback, 1),
        console.same_query(scene, names.audit, names.fallback),
        console.rows_say(scene, "action", ["FROM_THE_FALLBACK"]),
    )


@requirement("CON-10")
@pytest.mark.parametrize("name", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_broken_list(wide_stage: Stage, name: str, must_hold: MustHold) -> None:
    """A list that is blocked, refused, failing or malformed leads to one request of the fallback, which is shown."""
    falls_back(wide_stage, name, must_hold)


@requirement("CON-10")
@pytest.mark.parametrize("name", IN_THE_PAGE, ids=lambda name: name.replace(" ", "-"))
def test_broken_list_in_the_page(page_stage: Stage, name: str, must_hold: MustHold) -> None:
    """The page shows the entries of the fallback where the list is broken."""
    falls_back(page_stage, name, must_hold)


@requirement("CON-10")
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query[0]}-{query[1]}")
def test_same_query(stage: Stage, query: tuple[str, int], must_hold: MustHold) -> None:
    """The fallback is asked with the query of the list: filter and limit."""
    state, limit = query
    scene = stage.audit(stage.error(503), stage.listing(), state=state, limit=limit)
    names = stage.names
    must_hold(
        console.asked(scene, names.fallback, 1),
        console.same_query(scene, names.audit, names.fallback),
        console.asked_for(
            scene, names.fallback, {"filter": state, "limit": str(limit)}, {"filter": "all", "limit": "50"}
        ),
    )


@requirement("CON-10")
def test_conforming_list_needs_no_fallback(stage: Stage, must_hold: MustHold) -> None:
    """A conforming list is shown, and the fallback is not asked."""
    scene = stage.audit(stage.listing(stage.entry(action="FROM_THE_LIST")), stage.listing())
    must_hold(console.rows_say(scene, "action", ["FROM_THE_LIST"]), console.asked(scene, stage.names.fallback, 0))


@requirement("CON-10")
def test_empty_list_needs_no_fallback(stage: Stage, must_hold: MustHold) -> None:
    """A conforming list without entries is shown as empty, and the fallback is not asked."""
    empty = stage.answer("an empty list", b"[]")
    scene = stage.audit(empty, stage.listing())
    must_hold(console.empty_list(scene), console.asked(scene, stage.names.fallback, 0))


@requirement("CON-10")
@pytest.mark.parametrize("name", ["blocked", "401", "503", "reset", "html", "a state in lower case"])
def test_both_fail(stage: Stage, name: str, must_hold: MustHold) -> None:
    """When the fallback fails as well, it was asked once, and the list is empty."""
    scene = stage.audit(stage.error(503), BROKEN[name](stage), case=name)
    must_hold(
        console.asked(scene, stage.names.audit, 1),
        console.asked(scene, stage.names.fallback, 1),
        console.empty_list(scene),
    )


@requirement("CON-10")
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_nobody_answers_a_list(stage: Stage, how: Refusal, must_hold: MustHold) -> None:
    """With nobody listening, or every connection reset on arrival, the list is empty and nothing else breaks."""
    scene = stage.refused(how, lambda driver: driver.audit())
    must_hold(console.empty_list(scene))
    then = stage.execute(stage.conforming())
    must_hold(console.shows(then, "status", "APPROVED"))
